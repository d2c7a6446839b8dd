#include "binding/device_thread.h"

#include <c10/core/InferenceMode.h>
#include <pthread.h>

#include <thread>
#include <utility>

#include "binding/addon_data.h"
#include "binding/process_exit.h"

namespace erprm {

DeviceThread& DeviceThread::of(Napi::Env env) {
  AddonData* data = env.GetInstanceData<AddonData>();
  if (data->device_thread == nullptr) data->device_thread = std::make_unique<DeviceThread>(env);
  return *data->device_thread;
}

DeviceThread::DeviceThread(Napi::Env env) : outbox_(Outbox::open(env)), queue_(std::make_shared<JobQueue>()) {
  guard_process_exit(env);
  std::thread([queue = queue_] {
    begin_native_thread();
    pthread_setname_np(pthread_self(), "erprm-cpu");
    const c10::InferenceMode inference;
    queue->serve();
  }).detach();
  // Registered after the outbox made its queue, so it runs first: the queue is still whole when it is let go. And last
  // here: what throws before it leaves no hook on an object that never was.
  env.AddCleanupHook([](DeviceThread* thread) { thread->close(); }, this);
}

DeviceThread::~DeviceThread() { close(); }

void DeviceThread::close() {
  // The thread may be in the middle of a job when the process ends next.
  renew_process_exit_guard();
  queue_->close();
  outbox_->close();
}

Napi::Promise DeviceThread::run(Napi::Env env, Work work, Napi::Object handle) {
  return run_settling(
      env, [work = std::move(work)](const Settlement& settlement) { settlement.resolve(work()); }, handle);
}

Napi::Promise DeviceThread::run_settling(Napi::Env env, SettlingWork work, Napi::Object handle) {
  const Outbox::Pending pending = outbox_->add_promise(env, handle);
  queue_->post([settlement = Settlement(outbox_, pending.id), work = std::move(work)] {
    try {
      work(settlement);
    } catch (...) {
      settlement.reject(std::current_exception());
    }
  });
  return pending.promise;
}

}  // namespace erprm
