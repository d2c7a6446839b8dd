// Engine: the loop that is the product: start, forward, sample, retire. What all devices have in common; how tokens are
// computed is RolloutEngine's (CPU) and AcceleratorEngine's.
//
// Requests join and leave between iterations, so slots stay full across requests and calls.
// Thread: device thread only; its EngineStats may be read from any thread.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "core/philox.h"
#include "engine/scheduler.h"
#include "kernels/kernel_table.h"
#include "model/block_pool.h"
#include "model/config.h"
#include "ops/device_fault.h"

namespace erprm {

// Counters since the policy was loaded (src/native/contract.ts says what each one means).
struct EngineStats {
  std::atomic<int64_t> prompt_tokens{0}, completion_tokens{0}, recomputed_tokens{0}, completions{0}, iterations{0};
  std::atomic<int64_t> running{0}, waiting{0}, kv_bytes{0}, kv_bytes_peak{0};
  std::atomic<double> busy_seconds{0};
};

class Engine {
 public:
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Throws what Scheduler::submit throws; INVALID_ARGUMENT when stop strings come before the token bytes; DEVICE_FAULT
  // when the device failed before.
  void submit(std::shared_ptr<RolloutRequest> request);
  void set_token_bytes(TokenBytes bytes);

  // One iteration; false when there is nothing left to do. An error fails every request in flight.
  bool run_iteration();

  // Calls visit(position, logits f32 [vocabulary]) for every token of one sequence, in order. Throws DEVICE_FAULT when
  // the device failed before.
  using Visit = std::function<void(int64_t position, const float* logits)>;
  void visit_logits(const std::vector<int32_t>& tokens, const Visit& visit);

  void fail_all(const std::exception_ptr& error) { scheduler_.fail_all(error); }
  const ModelConfig& config() const { return config_; }

  // Waits for the device, and tells whether it has not failed.
  virtual bool device_works() const noexcept { return true; }

 protected:
  Engine(ModelConfig config, SchedulerLimits limits, std::unique_ptr<BlockPool> pool,
         std::shared_ptr<EngineStats> stats);

  // Requests whose logits were not finite. They keep their place until nothing planned refers to them any more.
  using Failed = std::vector<const RolloutRequest*>;

  virtual void iterate() = 0;
  virtual void compute_logits(const std::vector<int32_t>& tokens, const Visit& visit) = 0;

  // Where the next token of a completion comes from in the random stream.
  static DrawCoordinates coordinates(const Completion& completion);

  // Gives a completion its next token, drawn from `logits` f32 [vocabulary] (null: not at hand, and nobody wants
  // alternatives). Retires the completion when the token ends it, and returns whether it goes on. A token below 0
  // says that the logits were not finite.
  bool accept(Completion& completion, const SampledToken& sampled, const float* logits, Failed& failed);
  void fail(const Failed& failed);
  void publish_stats();

  Scheduler& scheduler() { return scheduler_; }
  const Scheduler& scheduler() const { return scheduler_; }
  BlockPool& pool() { return *pool_; }
  EngineStats& stats() { return *stats_; }

 private:
  void keep_fresh(const Completion& completion, const float* logits, bool stop, bool full);
  void hand_out_fresh();

  const ModelConfig config_;
  const std::unique_ptr<BlockPool> pool_;
  Scheduler scheduler_;
  TokenBytes token_bytes_;
  DeviceFault fault_;
  // Requests with fresh tokens of this iteration.
  std::vector<std::shared_ptr<RolloutRequest>> listening_;
  const std::shared_ptr<EngineStats> stats_;
};

// Frees an engine and what of the device's memory it held. That of a device that failed is never freed: the events and
// graphs in it cannot be destroyed without an error, and where they are destroyed none may be thrown.
void free_engine(std::unique_ptr<Engine> engine) noexcept;

}  // namespace erprm
