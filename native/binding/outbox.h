// outbox: the way from native threads back to one JavaScript environment.
//
// Any thread posts a function; Node runs it on the JS thread of the environment. Once the environment is being torn
// down (worker.terminate(), the end of the process) what is posted is dropped: there is nobody left to tell.
// Promises live here and are touched on the JS thread only; native threads hold numbers that name them.
// While a promise is pending the environment stays alive; an outbox without pending promises does not hold it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "binding/napi_setup.h"

namespace erprm {

// Makes the value of a promise; runs on the JS thread.
using MakeValue = std::function<Napi::Value(Napi::Env)>;

class Outbox {
 public:
  // JS thread. Throws when Node cannot make the queue.
  static std::shared_ptr<Outbox> open(Napi::Env env);

  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Any thread.
  void post(std::function<void(Napi::Env)> function);

  // JS thread. `handle` and `listener` (both may be empty) stay referenced until the promise settles.
  struct Pending {
    uint64_t id;
    Napi::Promise promise;
  };
  Pending add_promise(Napi::Env env, Napi::Object handle, Napi::Function listener = Napi::Function());

  // JS thread. An exception of `make` rejects the promise. A second call for the same id does nothing.
  void resolve(Napi::Env env, uint64_t id, const MakeValue& make);
  void reject(Napi::Env env, uint64_t id, std::exception_ptr error);

  // JS thread. Calls the promise's listener with what `make` gives; does nothing once the promise has settled. An
  // exception of the listener rejects the promise; false then.
  bool notify(Napi::Env env, uint64_t id, const MakeValue& make);

  // JS thread, when the environment goes away.
  void close();

 private:
  struct Entry {
    napi_deferred deferred;
    Napi::ObjectReference handle;
    Napi::FunctionReference listener;
  };

  Outbox() = default;
  static void drain(napi_env env, napi_value, void* context, void*);
  void settle(Napi::Env env, uint64_t id, bool fulfilled, Napi::Value value);

  std::mutex mutex_;
  // Guarded by mutex_. The queue is null once closed: Node frees it soon after.
  napi_threadsafe_function queue_ = nullptr;
  std::vector<std::function<void(Napi::Env)>> posted_;
  // JS thread only.
  std::unordered_map<uint64_t, Entry> promises_;
  uint64_t next_id_ = 0;
};

// A promise in the hands of native code: settle it once, from any thread. Copies name the same promise. When the last
// copy goes without settling it, the promise is rejected with ERPRM_INTERNAL, so nobody waits for ever.
class Settlement {
 public:
  Settlement(std::shared_ptr<Outbox> outbox, uint64_t id);

  void resolve(MakeValue make) const;
  void reject(std::exception_ptr error) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace erprm
