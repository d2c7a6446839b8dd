// RolloutEngine: the loop that is the product: start, forward, sample, retire.
//
// Requests join and leave between iterations, so slots stay full across requests and calls. The first token of a
// completion costs no forward pass (it is drawn from the logits at the end of its prefix).
// Thread: device thread only; its EngineStats may be read from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "engine/scheduler.h"
#include "model/transformer.h"

namespace erprm {

// Counters since the policy was loaded (src/native/contract.ts says what each one means).
struct EngineStats {
  std::atomic<int64_t> prompt_tokens{0}, completion_tokens{0}, recomputed_tokens{0}, completions{0}, iterations{0};
  std::atomic<int64_t> running{0}, waiting{0}, kv_bytes{0}, kv_bytes_peak{0};
  std::atomic<double> busy_seconds{0};
};

class RolloutEngine {
 public:
  RolloutEngine(std::unique_ptr<Transformer> transformer, SchedulerLimits limits, int64_t kv_memory_bytes,
                std::shared_ptr<EngineStats> stats);

  // Throws what Scheduler::submit throws; INVALID_ARGUMENT when stop strings come before the token bytes.
  void submit(std::shared_ptr<RolloutRequest> request);
  void set_token_bytes(TokenBytes bytes);

  // One iteration; false when there is nothing left to do. An error fails every request in flight.
  bool run_iteration();

  // Calls visit(position, logits f32 [vocabulary]) for every token of one sequence, in order.
  void visit_logits(const std::vector<int32_t>& tokens, const std::function<void(int64_t, const float*)>& visit);

  void fail_all(const std::exception_ptr& error) { scheduler_.fail_all(error); }
  const Transformer& transformer() const { return *transformer_; }

 private:
  // A completion and the logits its next token is drawn from.
  struct Draw {
    Completion* completion;
    const float* logits;
  };

  // Requests whose logits were not finite. They keep their place until nothing planned refers to them any more.
  using Failed = std::vector<const RolloutRequest*>;

  void iterate();
  void sample(const std::vector<Draw>& draws, Failed& failed);
  void fail(const Failed& failed);
  void keep_fresh(const Draw& draw, bool stop, bool full);
  void hand_out_fresh();
  void publish_stats();

  const std::unique_ptr<Transformer> transformer_;
  KvBlockPool pool_;
  Scheduler scheduler_;
  TokenBytes token_bytes_;
  // Requests with fresh tokens of this iteration.
  std::vector<std::shared_ptr<RolloutRequest>> listening_;
  const std::shared_ptr<EngineStats> stats_;
  // f32 [kLogitRows, V padded], kept: pages fresh from the system would cost a fault each in every iteration.
  std::vector<float> logits_;
};

}  // namespace erprm
