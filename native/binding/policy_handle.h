// PolicyHandle: what keeps a loaded policy alive. The methods of its JavaScript object share it; when the last of them
// is collected, or after dispose(), the engine is freed on the device thread.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "binding/device_thread.h"
#include "core/parallel.h"
#include "engine/engine.h"

namespace erprm {

// The engine as a loop of the device thread.
class PolicyLoop : public Loop {
 public:
  PolicyLoop(std::unique_ptr<Engine> engine, std::unique_ptr<ThreadPool> pool)
      : engine_(std::move(engine)), pool_(std::move(pool)) {}

  ~PolicyLoop() override { free_engine(std::move(engine_)); }
  PolicyLoop(const PolicyLoop&) = delete;
  PolicyLoop& operator=(const PolicyLoop&) = delete;

  bool run_iteration() override;
  void fail(std::exception_ptr error) noexcept override;
  bool has_ended() const override { return engine_ == nullptr; }

  // Device thread. Throws DISPOSED once closed.
  Engine& engine();
  ThreadPool& pool() { return *pool_; }

  // Device thread: frees the engine when its work is done, then settles.
  void close(const Settlement& settlement) { closing_.push_back(settlement); }

 private:
  std::unique_ptr<Engine> engine_;
  const std::unique_ptr<ThreadPool> pool_;
  std::vector<Settlement> closing_;
};

class PolicyHandle {
 public:
  PolicyHandle(std::shared_ptr<DeviceThread::Queue> queue, std::shared_ptr<PolicyLoop> loop,
               std::shared_ptr<EngineStats> stats)
      : queue_(std::move(queue)), loop_(std::move(loop)), stats_(std::move(stats)) {}
  ~PolicyHandle();

  // JS thread only from here on.

  // Throws DISPOSED after dispose().
  std::shared_ptr<PolicyLoop> loop() const;
  const EngineStats& stats() const { return *stats_; }

  void remember(int64_t id, const std::shared_ptr<RolloutRequest>& request, const Settlement& settlement);
  void cancel(int64_t id);

  // The loop to close, the first time; null afterwards.
  std::shared_ptr<PolicyLoop> dispose() { return std::exchange(loop_, nullptr); }

 private:
  struct InFlight {
    std::weak_ptr<RolloutRequest> request;
    Settlement settlement;
  };

  const std::shared_ptr<DeviceThread::Queue> queue_;
  std::shared_ptr<PolicyLoop> loop_;
  const std::shared_ptr<EngineStats> stats_;
  std::unordered_map<int64_t, InFlight> in_flight_;
};

}  // namespace erprm
