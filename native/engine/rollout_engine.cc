#include "engine/rollout_engine.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"
#include "core/philox.h"
#include "kernels/kernel_table.h"

namespace erprm {
namespace {

// Rows of logits held at a time: bounds memory at large vocabularies.
constexpr int64_t kLogitRows = 128;

bool contains(const std::vector<int32_t>& tokens, int32_t token) {
  return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

// Adds the most probable tokens under logits f32 [vocabulary] to those that are handed out with the token sampled last.
void keep_alternatives(const float* logits, int vocabulary, const RolloutRequest& request, FreshTokens& fresh) {
  const size_t count = static_cast<size_t>(request.num_alternatives);
  if (count == 0) return;
  const auto is_before = [logits](int32_t a, int32_t b) { return logits[a] > logits[b]; };
  std::vector<int32_t> best;
  for (int32_t token = 0; token < vocabulary; ++token) {
    if (best.size() == count && !is_before(token, best.back())) continue;
    if (best.size() == count) best.pop_back();
    best.insert(std::upper_bound(best.begin(), best.end(), token, is_before), token);
  }
  // All logits are behind the same sum, which the sampled token's log-probability gives.
  const float temperature = request.sampling.temperature > 0 ? request.sampling.temperature : 1.0f;
  const float sampled = logits[fresh.tokens.back()], log_probability = fresh.log_probabilities.back();
  for (const int32_t token : best) {
    fresh.alternatives.push_back(token);
    fresh.alternative_log_probabilities.push_back(log_probability + (logits[token] - sampled) / temperature);
  }
}

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
    for (float* block : blocks_) pool_.release(block);
  }

  KvBlockPool& pool_;
  std::vector<float*> blocks_;
};

}  // namespace

RolloutEngine::RolloutEngine(std::unique_ptr<Transformer> transformer, SchedulerLimits limits, int64_t kv_memory_bytes,
                             std::shared_ptr<EngineStats> stats)
    : transformer_(std::move(transformer)),
      pool_(transformer_->config(), kv_memory_bytes),
      scheduler_(limits, pool_),
      stats_(std::move(stats)),
      logits_(static_cast<size_t>(kLogitRows * transformer_->logit_width())) {}

void RolloutEngine::set_token_bytes(TokenBytes bytes) {
  require(bytes.num_rows() >= transformer_->config().vocabulary_size, ErrorCode::INVALID_ARGUMENT,
          "Expected token bytes for ", transformer_->config().vocabulary_size, " tokens, received ", bytes.num_rows());
  token_bytes_ = std::move(bytes);
}

void RolloutEngine::submit(std::shared_ptr<RolloutRequest> request) {
  require(request->stop_strings.empty() || token_bytes_.num_rows() > 0, ErrorCode::INVALID_ARGUMENT,
          "Expected token bytes to be set before a request with stop strings, received none");
  scheduler_.submit(std::move(request));
  publish_stats();
}

bool RolloutEngine::run_iteration() {
  const auto start = std::chrono::steady_clock::now();
  try {
    iterate();
  } catch (...) {
    for (const auto& request : listening_) request->fresh = {};
    listening_.clear();
    scheduler_.fail_all(std::current_exception());
  }
  stats_->busy_seconds =
      stats_->busy_seconds + std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  publish_stats();
  hand_out_fresh();
  scheduler_.deliver();  // after the counters, so that whoever has a result sees it counted
  return scheduler_.has_work();
}

void RolloutEngine::iterate() {
  scheduler_.drop_cancelled();
  std::vector<Draw> draws;
  // A first token may end its completion and free its slot, so this repeats until nothing new starts.
  for (auto fresh = scheduler_.start_completions(); !fresh.empty(); fresh = scheduler_.start_completions()) {
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
  scheduler_.plan(batch, outputs);
  if (batch.rows.empty()) return;
  const at::Tensor hidden = transformer_->forward(batch, pool_);  // [outputs, C]
  ++stats_->iterations;
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
      const RolloutRequest& request = *completion.trunk->request;
      const PrefixGroup& group = request.groups[completion.group];
      const double number = uniform({request.seed, request.problem_key, group.solution, group.step,
                                     group.first_completion + static_cast<uint32_t>(completion.index),
                                     static_cast<uint32_t>(completion.tokens.size())});
      sampled[i] = kernels.sample_token(draws[i].logits, vocabulary, request.sampling, number, scratch.data());
    }
  });
  for (size_t i = 0; i < draws.size(); ++i) {
    Completion& completion = *draws[i].completion;
    const RolloutRequest& request = *completion.trunk->request;
    if (sampled[i].token < 0) {
      if (std::find(failed.begin(), failed.end(), &request) == failed.end()) failed.push_back(&request);
      continue;
    }
    completion.tokens.push_back(sampled[i].token);
    completion.log_probabilities.push_back(sampled[i].log_probability);
    ++stats_->completion_tokens;
    const auto bytes = request.stop_strings.empty() ? std::span<const uint8_t>() : token_bytes_.row(sampled[i].token);
    const bool stop =
        contains(request.stop_tokens, sampled[i].token) || completion.stop.feed(bytes, request.stop_strings);
    const bool full =
        static_cast<int32_t>(completion.tokens.size()) >= scheduler_.max_tokens(*completion.trunk, completion.group);
    if (request.on_tokens) keep_fresh(draws[i], stop, full);
    if (!stop && !full) continue;
    ++stats_->completions;
    scheduler_.retire(&completion, stop ? FinishReason::kStop : FinishReason::kLength);
  }
}

// REQUIRES: somebody listens. The completion's last token is the fresh one.
void RolloutEngine::keep_fresh(const Draw& draw, bool stop, bool full) {
  const Completion& completion = *draw.completion;
  const std::shared_ptr<RolloutRequest>& request = completion.trunk->request;
  FreshTokens& fresh = request->fresh;
  if (fresh.rows.empty()) listening_.push_back(request);
  fresh.rows.push_back(completion.row);
  fresh.tokens.push_back(completion.tokens.back());
  fresh.log_probabilities.push_back(completion.log_probabilities.back());
  const FinishReason reason = stop ? FinishReason::kStop : FinishReason::kLength;
  keep_alternatives(draw.logits, transformer_->config().vocabulary_size, *request, fresh);
  fresh.endings.push_back(stop || full ? static_cast<uint8_t>(1 + static_cast<uint8_t>(reason)) : uint8_t{0});
}

void RolloutEngine::hand_out_fresh() {
  for (const std::shared_ptr<RolloutRequest>& request : listening_) {
    FreshTokens fresh = std::exchange(request->fresh, {});
    if (!request->cancelled) request->on_tokens(std::move(fresh));
  }
  listening_.clear();
}

void RolloutEngine::fail(const Failed& failed) {
  for (const RolloutRequest* request : failed) {
    std::erase_if(listening_, [request](const auto& candidate) { return candidate.get() == request; });
    scheduler_.fail(request,
                    std::make_exception_ptr(Error(ErrorCode::NUMERICAL,
                                                  "Expected finite logits, received NaN or infinity: the weights "
                                                  "or the activations of this model overflow")));
  }
}

void RolloutEngine::visit_logits(const std::vector<int32_t>& tokens,
                                 const std::function<void(int64_t, const float*)>& visit) {
  const int64_t num_blocks = KvBlockPool::blocks_for(static_cast<int64_t>(tokens.size()));
  if (num_blocks > pool_.num_blocks()) {
    throw Error(ErrorCode::OUT_OF_MEMORY,
                concat("Expected the key-value memory to hold a sequence of ", tokens.size(),
                       " tokens, received a budget of ", pool_.num_blocks() * pool_.block_bytes(), " bytes"),
                {{"requestedBytes", num_blocks * pool_.block_bytes()}});
  }
  scheduler_.make_room(num_blocks);
  const SequenceBlocks blocks(pool_, num_blocks);
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
    transformer_->logits(transformer_->forward(batch, pool_), logits_.data());
    for (size_t i = start; i < end; ++i) {
      visit(static_cast<int64_t>(i), logits_.data() + static_cast<int64_t>(i - start) * transformer_->logit_width());
    }
  }
  publish_stats();
}

void RolloutEngine::publish_stats() {
  stats_->prompt_tokens = scheduler_.prompt_tokens;
  stats_->recomputed_tokens = scheduler_.recomputed_tokens;
  stats_->running = scheduler_.num_running();
  stats_->waiting = scheduler_.num_waiting();
  stats_->kv_bytes = pool_.used_bytes();
  stats_->kv_bytes_peak = pool_.peak_bytes();
}

}  // namespace erprm
