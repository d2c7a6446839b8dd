// Packed passes of the accelerator's transformer, in f32, against the CPU's transformer.
#include "model/packed_forward.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/error.h"
#include "core/testing.h"
#include "kernels/cuda_memory.h"
#include "model/random_checkpoint.h"
#include "model/transformer.h"
#include "ops/accelerator_cases.h"

namespace {

using namespace erprm;

std::vector<int32_t> tokens_of(int32_t length, int32_t first) {
  std::vector<int32_t> tokens;
  for (int32_t i = 0; i < length; ++i) tokens.push_back((first + i * 31 + i * i % 17) % 97);
  return tokens;
}

// Logits [tokens, V] of the CPU.
std::vector<float> cpu_logits(const ModelConfig& config, const testing::RandomCheckpoint& checkpoint,
                              const std::vector<int32_t>& tokens) {
  const Transformer transformer(config, checkpoint.get(), WeightType::kF32, OutputMatrix::kPacked);
  KvBlockPool pool(config, int64_t{16} << 20);
  std::vector<KvBlock> blocks;
  for (int64_t b = 0; b < BlockPool::blocks_for(static_cast<int64_t>(tokens.size())); ++b) {
    blocks.push_back(pool.allocate());
  }
  ForwardBatch batch;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const int32_t position = static_cast<int32_t>(i);
    batch.outputs.push_back(position);
    batch.rows.push_back(
        {tokens[i], position, blocks.data(), position + 1, nullptr, 0, blocks[i / kKvTokens], position % kKvTokens});
  }
  batch.end_group();
  std::vector<float> padded_rows(tokens.size() * static_cast<size_t>(transformer.logit_width()));
  transformer.logits(transformer.forward(batch, pool), padded_rows.data());
  std::vector<float> rows;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto begin = padded_rows.begin() + static_cast<int64_t>(i) * transformer.logit_width();
    rows.insert(rows.end(), begin, begin + config.vocabulary_size);
  }
  return rows;
}

// The accelerator with a model on it.
struct Accelerated {
  Accelerated(const ModelConfig& config, const testing::RandomCheckpoint& checkpoint, at::ScalarType type)
      : stream(testing::accelerator_choice()),
        use(stream),
        transformer(config, *checkpoint.get(), type, OutputMatrix::kPacked, stream) {}

  std::vector<float> logits(const at::Tensor& hidden) const {
    const at::Tensor out = stream.empty({hidden.size(0), transformer.config().vocabulary_size}, at::kFloat);
    transformer.logits(hidden, out);
    const at::Tensor here = out.cpu();
    return {here.const_data_ptr<float>(), here.const_data_ptr<float>() + here.numel()};
  }

  const AcceleratorStream stream;
  const AcceleratorStream::Use use;
  const AcceleratorTransformer transformer;
};

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  CHECK(a.size() == b.size());
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(double{a[i]} - b[i]));
  return largest;
}

double relative_distance(const std::vector<float>& a, const std::vector<float>& b) {
  CHECK(a.size() == b.size());
  double distance = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    distance += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    size += double{b[i]} * b[i];
  }
  return std::sqrt(distance / size);
}

PackedSequence whole(const std::vector<int32_t>& tokens) {
  PackedSequence sequence{tokens, 0, nullptr, {}};
  for (size_t i = 0; i < tokens.size(); ++i) sequence.wanted.push_back(static_cast<int32_t>(i));
  return sequence;
}

// How far the logits of a pass of several sequences are from the CPU's.
using Distance = double (*)(const std::vector<float>&, const std::vector<float>&);
double compare(const ModelConfig& config, at::ScalarType type, Distance distance) {
  const testing::RandomCheckpoint checkpoint(config, 1, /*rounded=*/type == at::kBFloat16);
  const Accelerated accelerated(config, checkpoint, type);
  PackedForward packed(accelerated.transformer, 1000);
  const std::vector<std::vector<int32_t>> sequences = {tokens_of(7, 3), tokens_of(70, 5), tokens_of(1, 9)};
  std::vector<PackedSequence> asked;
  std::vector<float> expected;
  for (const auto& tokens : sequences) {
    asked.push_back(whole(tokens));
    const std::vector<float> rows = cpu_logits(config, checkpoint, tokens);
    expected.insert(expected.end(), rows.begin(), rows.end());
  }
  const std::vector<float> logits = accelerated.logits(packed.forward(asked, nullptr));
  CHECK(packed.num_passes() == 1);
  return distance(logits, expected);
}

}  // namespace

TEST(
    "packed passes in f32 give the CPU's logits: windows, biases, head norms, tied embeddings, one kv head, odd "
    "widths") {
  if (!testing::has_accelerator()) return;
  ModelConfig config = testing::random_config();
  CHECK(compare(config, at::kFloat, largest_difference) < 1e-4);
  config.tied_embeddings = config.query_key_norm = true;
  config.attention_bias = config.attention_output_bias = config.feed_forward_bias = true;
  CHECK(compare(config, at::kFloat, largest_difference) < 1e-4);
  config.num_kv_heads = 1;
  config.head_size = 32;
  config.hidden_size = 40;
  config.intermediate_size = 72;
  config.rope_inverse_frequencies.assign(16, 0.25f);
  config.rope_scale = 1.25f;
  CHECK(compare(config, at::kFloat, largest_difference) < 1e-4);
}

TEST("packed passes in bf16 keep the logits within four percent of the CPU's (relative L2)") {
  if (!testing::has_accelerator()) return;
  const double distance = compare(testing::random_config(), at::kBFloat16, relative_distance);
  if (!(distance < 0.04)) testing::fail(__FILE__, __LINE__, concat("the distance is ", distance).c_str());
}

TEST("sequences are cut into passes by their tokens, and a longer one stands alone") {
  if (!testing::has_accelerator()) return;
  const ModelConfig config = testing::random_config();
  const testing::RandomCheckpoint checkpoint(config);
  const Accelerated accelerated(config, checkpoint, at::kFloat);
  const std::vector<std::vector<int32_t>> sequences = {tokens_of(6, 1), tokens_of(4, 2), tokens_of(25, 3),
                                                       tokens_of(3, 4)};
  std::vector<PackedSequence> asked;
  for (const auto& tokens : sequences) {
    asked.push_back({tokens, 0, nullptr, {static_cast<int32_t>(tokens.size()) - 1}});
  }
  PackedForward together(accelerated.transformer, 1000), apart(accelerated.transformer, 10);
  const std::vector<float> a = accelerated.logits(together.forward(asked, nullptr));
  const std::vector<float> b = accelerated.logits(apart.forward(asked, nullptr));
  CHECK(together.num_passes() == 1 && apart.num_passes() == 3);
  CHECK(a.size() == 4 * 97);
  CHECK(largest_difference(a, b) < 1e-5);
  CHECK(apart.forward({}, nullptr).size(0) == 0);
}

TEST("keys and values are stored from the first wanted token on, layer by layer, and nowhere else") {
  if (!testing::has_accelerator()) return;
  const ModelConfig config = testing::random_config();
  const testing::RandomCheckpoint checkpoint(config);
  const Accelerated accelerated(config, checkpoint, at::kFloat);
  PackedForward packed(accelerated.transformer, 1000);
  AcceleratorKvPool pool(config, at::kFloat, int64_t{8} << 20, accelerated.stream);
  const std::vector<int32_t> tokens = tokens_of(150, 7);
  std::vector<KvBlock> all, own;
  for (int b = 0; b < 3; ++b) all.push_back(pool.allocate());
  for (int b = 0; b < 2; ++b) own.push_back(pool.allocate());
  const KvBlock other = pool.allocate();
  CHECK(pool.used_bytes() == 6 * pool.block_bytes());
  // The whole sequence, and again only its tokens from 60 on.
  const std::vector<PackedSequence> asked = {{tokens, 0, all.data(), {149}}, {tokens, 60, own.data(), {}}};
  packed.forward(asked, &pool);
  accelerated.stream.synchronize();
  const auto key = [&](KvBlock block, int layer, int part, int head, int slot) {
    std::array<float, 16> numbers;
    const float* at = block + layer * pool.layer_stride() + (((part * 2 + head) * kKvTokens) + slot) * 16;
    CHECK(cuda::copy_memory(numbers.data(), at, sizeof numbers) == 0);
    return numbers;
  };
  double size = 0;
  for (int layer = 0; layer < 3; ++layer) {
    for (int part = 0; part < 2; ++part) {
      for (int head = 0; head < 2; ++head) {
        for (int i = 60; i < 150; ++i) {
          const std::array<float, 16> a = key(all[i / kKvTokens], layer, part, head, i % kKvTokens);
          const std::array<float, 16> b = key(own[(i - 60) / kKvTokens], layer, part, head, (i - 60) % kKvTokens);
          for (int d = 0; d < 16; ++d) {
            CHECK(std::abs(a[d] - b[d]) < 1e-4);
            size += std::abs(a[d]);
          }
        }
        CHECK(key(other, layer, part, head, 5) == (std::array<float, 16>{}));
        CHECK(key(own[1], layer, part, head, 150 - 60 - kKvTokens) == (std::array<float, 16>{}));
      }
    }
  }
  CHECK(size > 1000);
}

TEST("a pool of device memory hands out each block once, and refuses a budget of less than two") {
  if (!testing::has_accelerator()) return;
  const ModelConfig config = testing::random_config();
  const AcceleratorStream stream(testing::accelerator_choice());
  AcceleratorKvPool pool(config, at::kBFloat16, 4 * 3 * 2 * 2 * 64 * 16 * 2, stream);
  CHECK(pool.num_blocks() == 4 && pool.num_free() == 4);
  std::vector<KvBlock> blocks;
  while (const KvBlock block = pool.allocate()) blocks.push_back(block);
  std::sort(blocks.begin(), blocks.end());
  CHECK(blocks.size() == 4 && std::unique(blocks.begin(), blocks.end()) == blocks.end());
  for (const KvBlock block : blocks) pool.release(block);
  CHECK(pool.num_free() == 4 && pool.peak_bytes() == 4 * pool.block_bytes());
  CHECK_THROWS(AcceleratorKvPool(config, at::kBFloat16, 2 * pool.block_bytes() - 1, stream), "at least 2 blocks");
}
