#include "binding/outbox.h"

#include <atomic>
#include <utility>

#include "binding/js_error.h"
#include "core/error.h"

namespace erprm {

std::shared_ptr<Outbox> Outbox::open(Napi::Env env) {
  std::shared_ptr<Outbox> outbox(new Outbox());
  // The queue's context keeps the outbox alive until Node has finalised the queue.
  auto* context = new std::shared_ptr<Outbox>(outbox);
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Outbox>*>(data); };
  const napi_status status =
      napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "erprm"), /*max_queue_size=*/0,
                                      /*initial_thread_count=*/1, context, finalize, context, drain, &outbox->queue_);
  if (status != napi_ok) {
    delete context;
    throw Error(ErrorCode::INTERNAL, "Node cannot make a thread-safe function");
  }
  napi_unref_threadsafe_function(env, outbox->queue_);
  return outbox;
}

void Outbox::post(std::function<void(Napi::Env)> function) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (queue_ == nullptr) return;
  posted_.push_back(std::move(function));
  // One wake-up for all that is posted before the JS thread comes to drain. The call only fails when the queue closes.
  if (posted_.size() == 1) napi_call_threadsafe_function(queue_, nullptr, napi_tsfn_nonblocking);
}

void Outbox::drain(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;
  const std::shared_ptr<Outbox> outbox = *static_cast<std::shared_ptr<Outbox>*>(context);
  std::vector<std::function<void(Napi::Env)>> posted;
  {
    const std::lock_guard<std::mutex> lock(outbox->mutex_);
    posted.swap(outbox->posted_);
  }
  for (const auto& function : posted) {
    try {
      const Napi::HandleScope scope(env);
      function(Napi::Env(env));
    } catch (const Napi::Error&) {
      // Settling throws only when the environment is stopping and makes no values any more: there is nobody to tell,
      // and Node's code above this frame must not see an exception.
    }
  }
}

Outbox::Pending Outbox::add_promise(Napi::Env env, Napi::Object handle, Napi::Function listener) {
  Entry entry{};
  napi_value promise = nullptr;
  const napi_status status = napi_create_promise(env, &entry.deferred, &promise);
  if (status != napi_ok) throw Error(ErrorCode::INTERNAL, "Node cannot make a promise");
  if (!handle.IsEmpty()) entry.handle = Napi::Persistent(handle);
  if (!listener.IsEmpty()) entry.listener = Napi::Persistent(listener);
  if (promises_.empty() && queue_ != nullptr) napi_ref_threadsafe_function(env, queue_);
  const uint64_t id = next_id_++;
  promises_.emplace(id, std::move(entry));
  return {id, Napi::Promise(env, promise)};
}

void Outbox::resolve(Napi::Env env, uint64_t id, const MakeValue& make) {
  Napi::Value value;
  bool fulfilled = true;
  try {
    value = make(env);
  } catch (const Napi::Error& error) {
    value = error.Value();
    fulfilled = false;
  } catch (...) {
    return reject(env, id, std::current_exception());
  }
  settle(env, id, fulfilled, value);
}

void Outbox::reject(Napi::Env env, uint64_t id, std::exception_ptr error) {
  settle(env, id, false, js_error(env, error));
}

bool Outbox::notify(Napi::Env env, uint64_t id, const MakeValue& make) {
  const auto found = promises_.find(id);
  if (found == promises_.end() || found->second.listener.IsEmpty()) return true;
  try {
    // The call may add promises, so the entry is not looked at again.
    const Napi::Function listener = found->second.listener.Value();
    listener.Call({make(env)});
    return true;
  } catch (const Napi::Error& error) {
    settle(env, id, false, error.Value());
    return false;
  }
}

void Outbox::settle(Napi::Env env, uint64_t id, bool fulfilled, Napi::Value value) {
  const auto found = promises_.find(id);
  if (found == promises_.end()) return;
  const napi_deferred deferred = found->second.deferred;
  promises_.erase(found);
  // A status other than napi_ok means that the environment is stopping and runs no JavaScript any more.
  if (fulfilled) {
    napi_resolve_deferred(env, deferred, value);
  } else {
    napi_reject_deferred(env, deferred, value);
  }
  if (promises_.empty() && queue_ != nullptr) napi_unref_threadsafe_function(env, queue_);
}

void Outbox::close() {
  std::vector<std::function<void(Napi::Env)>> dropped;
  napi_threadsafe_function queue = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue = std::exchange(queue_, nullptr);
    dropped.swap(posted_);
  }
  promises_.clear();
  if (queue != nullptr) napi_release_threadsafe_function(queue, napi_tsfn_abort);
}

struct Settlement::State {
  State(std::shared_ptr<Outbox> its_outbox, uint64_t its_id) : outbox(std::move(its_outbox)), id(its_id) {}

  ~State() {
    if (settled.exchange(true)) return;
    const Error error(ErrorCode::INTERNAL, "The work of a promise ended without a result");
    post_rejection(std::make_exception_ptr(error));
  }

  void post_rejection(std::exception_ptr error) {
    outbox->post([outbox = outbox.get(), id = id, error](Napi::Env env) { outbox->reject(env, id, error); });
  }

  const std::shared_ptr<Outbox> outbox;
  const uint64_t id;
  std::atomic<bool> settled = false;
};

Settlement::Settlement(std::shared_ptr<Outbox> outbox, uint64_t id)
    : state_(std::make_shared<State>(std::move(outbox), id)) {}

void Settlement::resolve(MakeValue make) const {
  if (state_->settled.exchange(true)) return;
  state_->outbox->post([outbox = state_->outbox.get(), id = state_->id, make = std::move(make)](Napi::Env env) {
    outbox->resolve(env, id, make);
  });
}

void Settlement::reject(std::exception_ptr error) const {
  if (state_->settled.exchange(true)) return;
  state_->post_rejection(std::move(error));
}

}  // namespace erprm
