#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/error.h"

namespace erprm {
namespace {

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

}  // namespace

Engine::Engine(ModelConfig config, SchedulerLimits limits, std::unique_ptr<BlockPool> pool,
               std::shared_ptr<EngineStats> stats)
    : config_(std::move(config)), pool_(std::move(pool)), scheduler_(limits, *pool_), stats_(std::move(stats)) {}

void Engine::set_token_bytes(TokenBytes bytes) {
  require(bytes.num_rows() >= config_.vocabulary_size, ErrorCode::INVALID_ARGUMENT, "Expected token bytes for ",
          config_.vocabulary_size, " tokens, received ", bytes.num_rows());
  token_bytes_ = std::move(bytes);
}

void Engine::submit(std::shared_ptr<RolloutRequest> request) {
  fault_.expect_none();
  require(request->stop_strings.empty() || token_bytes_.num_rows() > 0, ErrorCode::INVALID_ARGUMENT,
          "Expected token bytes to be set before a request with stop strings, received none");
  scheduler_.submit(std::move(request));
  publish_stats();
}

bool Engine::run_iteration() {
  const auto start = std::chrono::steady_clock::now();
  try {
    iterate();
  } catch (...) {
    fault_.note(std::current_exception());
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

void Engine::visit_logits(const std::vector<int32_t>& tokens, const Visit& visit) {
  fault_.guard([&] { compute_logits(tokens, visit); });
}

DrawCoordinates Engine::coordinates(const Completion& completion) {
  const RolloutRequest& request = *completion.trunk->request;
  const PrefixGroup& group = request.groups[completion.group];
  return {request.seed,
          request.problem_key,
          group.solution,
          group.step,
          group.first_completion + static_cast<uint32_t>(completion.index),
          static_cast<uint32_t>(completion.tokens.size())};
}

bool Engine::accept(Completion& completion, const SampledToken& sampled, const float* logits, Failed& failed) {
  const RolloutRequest& request = *completion.trunk->request;
  if (sampled.token < 0) {
    if (std::find(failed.begin(), failed.end(), &request) == failed.end()) failed.push_back(&request);
    return false;
  }
  completion.tokens.push_back(sampled.token);
  completion.log_probabilities.push_back(sampled.log_probability);
  ++stats_->completion_tokens;
  const auto bytes = request.stop_strings.empty() ? std::span<const uint8_t>() : token_bytes_.row(sampled.token);
  const bool stop = contains(request.stop_tokens, sampled.token) || completion.stop.feed(bytes, request.stop_strings);
  const bool full =
      static_cast<int32_t>(completion.tokens.size()) >= scheduler_.max_tokens(*completion.trunk, completion.group);
  if (request.on_tokens) keep_fresh(completion, logits, stop, full);
  if (!stop && !full) return true;
  ++stats_->completions;
  scheduler_.retire(&completion, stop ? FinishReason::kStop : FinishReason::kLength);
  return false;
}

// REQUIRES: somebody listens. The completion's last token is the fresh one.
void Engine::keep_fresh(const Completion& completion, const float* logits, bool stop, bool full) {
  const std::shared_ptr<RolloutRequest>& request = completion.trunk->request;
  FreshTokens& fresh = request->fresh;
  if (fresh.rows.empty()) listening_.push_back(request);
  fresh.rows.push_back(completion.row);
  fresh.tokens.push_back(completion.tokens.back());
  fresh.log_probabilities.push_back(completion.log_probabilities.back());
  const FinishReason reason = stop ? FinishReason::kStop : FinishReason::kLength;
  keep_alternatives(logits, config_.vocabulary_size, *request, fresh);
  fresh.endings.push_back(stop || full ? static_cast<uint8_t>(1 + static_cast<uint8_t>(reason)) : uint8_t{0});
}

void Engine::hand_out_fresh() {
  for (const std::shared_ptr<RolloutRequest>& request : listening_) {
    FreshTokens fresh = std::exchange(request->fresh, {});
    if (!request->cancelled) request->on_tokens(std::move(fresh));
  }
  listening_.clear();
}

void Engine::fail(const Failed& failed) {
  for (const RolloutRequest* request : failed) {
    std::erase_if(listening_, [request](const auto& candidate) { return candidate.get() == request; });
    scheduler_.fail(request,
                    std::make_exception_ptr(Error(ErrorCode::NUMERICAL,
                                                  "Expected finite logits, received NaN or infinity: the weights "
                                                  "or the activations of this model overflow")));
  }
}

void Engine::publish_stats() {
  stats_->prompt_tokens = scheduler_.prompt_tokens;
  stats_->recomputed_tokens = scheduler_.recomputed_tokens;
  stats_->running = scheduler_.num_running();
  stats_->waiting = scheduler_.num_waiting();
  stats_->kv_bytes = pool_->used_bytes();
  stats_->kv_bytes_peak = pool_->peak_bytes();
}

void free_engine(std::unique_ptr<Engine> engine) noexcept {
  if (engine == nullptr) return;
  if (!engine->device_works()) {
    static_cast<void>(engine.release());
    return;
  }
  engine.reset();
  return_device_memory();
}

}  // namespace erprm
