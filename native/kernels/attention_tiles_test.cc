// Attention on tiles against a plain softmax in double precision, and the row rule.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "core/testing.h"
#include "kernels/attention_cases.h"
#include "kernels/kernel_table.h"

namespace {

using erprm::kernel_tables;
using erprm::KernelTable;
using erprm::KeyValueBlocks;
using erprm::kKvTokens;
using erprm::QueryRow;
using erprm::testing::ranges;

// Keys and values that are bf16 numbers already, so that only weights are rounded.
class TiledCache {
 public:
  TiledCache(const KernelTable& kernels, int tokens, int head_size, uint32_t seed)
      : head_size_(head_size), tokens_(tokens), block_(kKvTokens * (erprm::whole_tiles_of(head_size) + head_size)) {
    const int count = (tokens + kKvTokens - 1) / kKvTokens;
    storage_.reset(static_cast<uint16_t*>(std::aligned_alloc(64, count * block_ * sizeof(uint16_t))));
    std::memset(storage_.get(), 0, count * block_ * sizeof(uint16_t));
    std::mt19937 bits(seed);
    numbers_.resize(static_cast<size_t>(2) * tokens * head_size);
    for (float& number : numbers_) number = static_cast<float>(static_cast<int>(bits() % 255) - 127) / 64;
    for (int b = 0; b < count; ++b) blocks_.push_back(reinterpret_cast<float*>(storage_.get() + b * block_));
    for (int t = 0; t < tokens; ++t) {
      auto* block = reinterpret_cast<uint16_t*>(blocks_[t / kKvTokens]);
      kernels.store_bf16(key(t), value(t), head_size, t % kKvTokens, block, block + value_offset());
    }
  }
  const float* key(int token) const { return numbers_.data() + static_cast<size_t>(token) * head_size_; }
  const float* value(int token) const { return key(tokens_ + token); }
  KeyValueBlocks list() const { return {blocks_.data(), 0, value_offset(), head_size_}; }

 private:
  size_t value_offset() const { return kKvTokens * erprm::whole_tiles_of(head_size_); }

  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  const int head_size_, tokens_;
  const size_t block_;
  std::unique_ptr<uint16_t, Free> storage_;
  std::vector<float> numbers_;
  std::vector<float*> blocks_;
};

struct TiledRows {
  std::vector<float> outputs, states;
};

TiledRows attend_tiled(const KernelTable& kernels, std::vector<QueryRow> rows, const TiledCache& cache, int head_size) {
  TiledRows result{std::vector<float>(rows.size() * head_size, 0.0f), std::vector<float>(rows.size() * 2)};
  for (size_t r = 0; r < rows.size(); ++r) {
    rows[r].output = result.outputs.data() + r * head_size;
    rows[r].state = result.states.data() + 2 * r;
    rows[r].state[0] = -1e30f;
  }
  kernels.attend_bf16(rows.data(), static_cast<int>(rows.size()), cache.list());
  return result;
}

}  // namespace

TEST("attention on tiles is a plain softmax over the same bf16 numbers, to the rounding of its weights") {
  for (const KernelTable& kernels : kernel_tables()) {
    if (kernels.attend_bf16 == nullptr) continue;
    for (const int head_size : {16, 48, 64, 80, 128, 256}) {
      const int tokens = 200, count = 77;
      const TiledCache cache(kernels, tokens, head_size, 11);
      std::mt19937 bits(12);
      std::vector<float> queries(static_cast<size_t>(count) * head_size);
      for (float& query : queries) query = static_cast<float>(static_cast<int>(bits() % 33) - 16) / 128;
      const auto rows = ranges(queries, head_size, count, tokens);
      const TiledRows result = attend_tiled(kernels, rows, cache, head_size);
      for (int r = 0; r < count; ++r) {
        std::vector<double> expected(head_size, 0.0), magnitudes(head_size, 0.0);
        double total = 0;
        for (int t = rows[r].first; t < rows[r].limit; ++t) {
          double score = 0;
          for (int d = 0; d < head_size; ++d) score += double(rows[r].query[d]) * cache.key(t)[d];
          total += std::exp(score);
          for (int d = 0; d < head_size; ++d) {
            expected[d] += std::exp(score) * cache.value(t)[d];
            magnitudes[d] += std::exp(score) * std::fabs(cache.value(t)[d]);
          }
        }
        CHECK_NEAR(result.states[2 * r + 1] * std::exp(double(result.states[2 * r])) / total, 1, 4e-3);
        for (int d = 0; d < head_size; ++d) {
          const double output = result.outputs[r * head_size + d] / result.states[2 * r + 1];
          CHECK_NEAR(output, expected[d] / total, 4e-3 * magnitudes[d] / total + 1e-6);
        }
      }
    }
  }
}

TEST("a row attends on tiles with the same bits alone and in company") {
  for (const KernelTable& kernels : kernel_tables()) {
    if (kernels.attend_bf16 == nullptr) continue;
    const int head_size = 64, tokens = 300, count = 70;
    const TiledCache cache(kernels, tokens, head_size, 13);
    const auto queries = [&] {
      std::vector<float> numbers(static_cast<size_t>(count) * head_size);
      std::mt19937 bits(14);
      for (float& number : numbers) number = static_cast<float>(bits() % 1000) / 1000.0f - 0.5f;
      return numbers;
    }();
    const auto rows = ranges(queries, head_size, count, tokens);
    const TiledRows together = attend_tiled(kernels, rows, cache, head_size);
    for (int r = 0; r < count; ++r) {
      const TiledRows alone = attend_tiled(kernels, {rows[r]}, cache, head_size);
      CHECK(std::memcmp(alone.outputs.data(), together.outputs.data() + r * head_size, sizeof(float) * head_size) == 0);
      CHECK(std::memcmp(alone.states.data(), together.states.data() + 2 * r, 2 * sizeof(float)) == 0);
    }
  }
}

TEST("on tiles too a query that is not finite is not averaged away, and its neighbours stay what they are") {
  for (const KernelTable& kernels : kernel_tables()) {
    if (kernels.attend_bf16 == nullptr) continue;
    const int head_size = 16;
    const TiledCache cache(kernels, 64, head_size, 15);
    const std::vector<float> bad(head_size, NAN), good(head_size, 0.1f);
    const std::vector<QueryRow> rows = {{bad.data(), nullptr, nullptr, 0, 40}, {good.data(), nullptr, nullptr, 0, 40}};
    const auto outputs = attend_tiled(kernels, rows, cache, head_size).outputs;
    for (int d = 0; d < head_size; ++d) CHECK(std::isnan(outputs[d]) && std::isfinite(outputs[head_size + d]));
  }
}
