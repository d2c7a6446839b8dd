#include "engine/rollout_engine.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"
#include "core/philox.h"
#include "kernels/kernel_table.h"

namespace erprm {
namespace {

// Rows of logits held at a time: bounds memory at large vocabularies.
constexpr int64_t kLogitRows = 128;

// The blocks of one sequence, given back whatever happens.
class SequenceBlocks {
 public:
  // REQUIRES: `count` blocks are free.
  SequenceBlocks(KvBlockPool& pool, int64_t count) : pool_(pool) {
    blocks_.reserve(static_cast<size_t>(count));
    try {
      for (int64_t b = 0; b < count; ++b) blocks_.push_back(pool_.allocate());
    } catch (...) {
      release();
      throw;
    }
  }
  ~SequenceBlocks() { release(); }
  SequenceBlocks(const SequenceBlocks&) = delete;
  SequenceBlocks& operator=(const SequenceBlocks&) = delete;

  float* const* data() const { return blocks_.data(); }

 private:
  void release() {
    for (const KvBlock block : blocks_) pool_.release(block);
  }

  KvBlockPool& pool_;
  std::vector<KvBlock> blocks_;
};

}  // namespace

RolloutEngine::RolloutEngine(std::unique_ptr<Transformer> transformer, SchedulerLimits limits, int64_t kv_memory_bytes,
                             std::shared_ptr<EngineStats> stats)
    : Engine(transformer->config(), limits,
             std::make_unique<KvBlockPool>(transformer->config(), kv_memory_bytes, transformer->key_value_type()),
             std::move(stats)),
      transformer_(std::move(transformer)),
      kv_pool_(static_cast<KvBlockPool&>(pool())),
      logits_(static_cast<size_t>(kLogitRows * transformer_->logit_width())) {}

void RolloutEngine::iterate() {
  scheduler().drop_cancelled();
  std::vector<Draw> draws;
  // A first token may end its completion and free its slot, so this repeats until nothing new starts.
  for (auto fresh = scheduler().start_completions(); !fresh.empty(); fresh = scheduler().start_completions()) {
    Failed failed;
    draws.clear();
    for (Completion* completion : fresh) {
      draws.push_back({completion, completion->trunk->group_logits[completion->group].data()});
    }
    sample(draws, failed);
    fail(failed);
  }

  ForwardBatch batch;
  std::vector<OutputRow> outputs;
  scheduler().plan(batch, outputs);
  if (batch.rows.empty()) return;
  const at::Tensor hidden = transformer_->forward(batch, kv_pool_);  // [outputs, C]
  ++stats().iterations;
  const int64_t num_outputs = static_cast<int64_t>(outputs.size()), vocabulary = transformer_->config().vocabulary_size;
  Failed failed;
  for (int64_t begin = 0; begin < num_outputs; begin += kLogitRows) {
    const int64_t count = std::min(kLogitRows, num_outputs - begin);
    transformer_->logits(hidden.narrow(0, begin, count), logits_.data());
    draws.clear();
    for (int64_t i = 0; i < count; ++i) {
      const float* row = logits_.data() + i * transformer_->logit_width();
      const OutputRow& output = outputs[begin + i];
      if (output.trunk != nullptr) {
        output.trunk->group_logits[output.group].assign(row, row + vocabulary);
      } else {
        draws.push_back({output.completion, row});
      }
    }
    sample(draws, failed);
  }
  fail(failed);
}

void RolloutEngine::sample(const std::vector<Draw>& draws, Failed& failed) {
  const KernelTable& kernels = kernel_table();
  const int vocabulary = transformer_->config().vocabulary_size;
  std::vector<SampledToken> sampled(draws.size());
  parallel_for(0, static_cast<int64_t>(draws.size()), 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(static_cast<size_t>(vocabulary) + 16);
    for (int64_t i = begin; i < end; ++i) {
      const Completion& completion = *draws[i].completion;
      const double number = uniform(coordinates(completion));
      sampled[i] = kernels.sample_token(draws[i].logits, vocabulary, completion.trunk->request->sampling, number,
                                        scratch.data());
    }
  });
  for (size_t i = 0; i < draws.size(); ++i) accept(*draws[i].completion, sampled[i], draws[i].logits, failed);
}

void RolloutEngine::compute_logits(const std::vector<int32_t>& tokens, const Visit& visit) {
  const int64_t num_blocks = KvBlockPool::blocks_for(static_cast<int64_t>(tokens.size()));
  if (num_blocks > kv_pool_.num_blocks()) {
    throw Error(ErrorCode::OUT_OF_MEMORY,
                concat("Expected the key-value memory to hold a sequence of ", tokens.size(),
                       " tokens, received a budget of ", kv_pool_.num_blocks() * kv_pool_.block_bytes(), " bytes"),
                {{"requestedBytes", num_blocks * kv_pool_.block_bytes()}});
  }
  scheduler().make_room(num_blocks);
  const SequenceBlocks blocks(kv_pool_, num_blocks);
  ForwardBatch batch;
  for (size_t start = 0; start < tokens.size(); start += kLogitRows) {
    batch.clear();
    const size_t end = std::min(tokens.size(), start + kLogitRows);
    for (size_t i = start; i < end; ++i) {
      const int32_t position = static_cast<int32_t>(i);
      batch.outputs.push_back(static_cast<int32_t>(batch.rows.size()));
      batch.rows.push_back({tokens[i], position, blocks.data(), position + 1, nullptr, 0, blocks.data()[i / kKvTokens],
                            position % kKvTokens});
    }
    batch.end_group();
    transformer_->logits(transformer_->forward(batch, kv_pool_), logits_.data());
    for (size_t i = start; i < end; ++i) {
      visit(static_cast<int64_t>(i), logits_.data() + static_cast<int64_t>(i - start) * transformer_->logit_width());
    }
  }
  publish_stats();
}

}  // namespace erprm
