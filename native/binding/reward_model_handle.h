// RewardModelHandle: what keeps a loaded reward model alive. The methods of its JavaScript object share it; when the
// last of them is collected, or after dispose(), the model is freed on the device thread, after the work before it.
#pragma once

#include <memory>
#include <utility>

#include "binding/device_thread.h"
#include "core/error.h"
#include "core/free_memory.h"
#include "core/parallel.h"
#include "engine/scorer.h"

namespace erprm {

// Device thread only.
struct LoadedRewardModel {
  std::unique_ptr<Scorer> scorer;
  std::unique_ptr<ThreadPool> pool;

  void free() {
    scorer.reset();
    pool.reset();
    return_device_memory();
    return_freed_memory();
  }
};

// JS thread only.
class RewardModelHandle {
 public:
  RewardModelHandle(std::shared_ptr<JobQueue> queue, std::shared_ptr<LoadedRewardModel> model)
      : queue_(std::move(queue)), model_(std::move(model)) {}
  ~RewardModelHandle() {
    if (model_ != nullptr) queue_->post([model = std::move(model_)] { model->free(); });
  }
  RewardModelHandle(const RewardModelHandle&) = delete;
  RewardModelHandle& operator=(const RewardModelHandle&) = delete;

  // Throws DISPOSED after dispose().
  std::shared_ptr<LoadedRewardModel> model() const {
    require(model_ != nullptr, ErrorCode::DISPOSED, "Expected a loaded reward model, received one that was disposed");
    return model_;
  }

  // The model to free, the first time; null afterwards.
  std::shared_ptr<LoadedRewardModel> dispose() { return std::exchange(model_, nullptr); }

 private:
  const std::shared_ptr<JobQueue> queue_;
  std::shared_ptr<LoadedRewardModel> model_;
};

}  // namespace erprm
