#include "binding/policy_handle.h"

#include "core/error.h"
#include "core/free_memory.h"

namespace erprm {

bool PolicyLoop::run_iteration() {
  if (engine_ == nullptr) return false;
  const ThreadPool::Use use(*pool_);
  const bool more = engine_->run_iteration();
  if (more || closing_.empty()) return more;
  free_engine(std::move(engine_));
  return_freed_memory();
  for (const Settlement& settlement : closing_) settlement.resolve([](Napi::Env env) { return env.Undefined(); });
  closing_.clear();
  return false;
}

void PolicyLoop::fail(std::exception_ptr error) noexcept {
  if (engine_ != nullptr) engine_->fail_all(error);
}

Engine& PolicyLoop::engine() {
  require(engine_ != nullptr, ErrorCode::DISPOSED, "Expected a loaded policy, received one that was disposed");
  return *engine_;
}

PolicyHandle::~PolicyHandle() {
  if (loop_ == nullptr) return;
  queue_->post([queue = queue_, loop = std::move(loop_)] { queue->remove_loop(loop.get()); });
}

std::shared_ptr<PolicyLoop> PolicyHandle::loop() const {
  require(loop_ != nullptr, ErrorCode::DISPOSED, "Expected a loaded policy, received one that was disposed");
  return loop_;
}

void PolicyHandle::remember(int64_t id, const std::shared_ptr<RolloutRequest>& request, const Settlement& settlement) {
  std::erase_if(in_flight_, [](const auto& entry) { return entry.second.request.expired(); });
  in_flight_.insert_or_assign(id, InFlight{request, settlement});
}

void PolicyHandle::cancel(int64_t id) {
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end()) return;
  if (const std::shared_ptr<RolloutRequest> request = found->second.request.lock()) {
    request->cancelled = true;
    // The caller hears of it now; the engine lets go of the work before its next iteration.
    found->second.settlement.reject(std::make_exception_ptr(Error(ErrorCode::ABORTED, "The rollout was cancelled")));
  }
  in_flight_.erase(found);
}

}  // namespace erprm
