// device_thread: the one native thread that touches the device on behalf of one JavaScript environment.
//
//   JS thread            run(work) -> promise        post(work)
//        |                     v                        v
//   device thread        the jobs that wait, first in first out, then an iteration of each loop, round and round
//        |                     v
//   JS thread            the promise settles (outbox.h)
//
// Decoding is a Loop: a job adds it, further jobs hand it requests, and the thread advances it whenever those that
// waited are done. So a new request or a cancellation gets in between any two iterations, and a stream of jobs (scores)
// never keeps a loop from its turn. libuv's pool is not used: it has four threads and belongs to the file system.
//
// The thread is in torch's inference mode. When the environment goes away the thread ends after the job or iteration it
// is in; nobody waits for it, and the jobs left are destroyed unrun, on the thread.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "binding/napi_setup.h"
#include "binding/outbox.h"

namespace erprm {

// Work that goes on between jobs. Device thread only.
class Loop {
 public:
  virtual ~Loop() = default;
  // Returns whether there is more to do. After false it is called again once another job has run.
  virtual bool run_iteration() = 0;
  // run_iteration threw: every request in flight must be rejected with `error`. The loop stays on the thread.
  virtual void fail(std::exception_ptr error) noexcept = 0;
  // Asked after each iteration: a loop that has ended is taken off the thread.
  virtual bool has_ended() const = 0;
};

// The thread's end of the queue. Shared: it outlives the environment for as long as somebody may still post.
class JobQueue {
 public:
  JobQueue();
  ~JobQueue();

  // Any thread, finalizers included. The work must not throw: that would end the process. Once the queue has been
  // closed the work is destroyed unrun.
  void post(std::function<void()> work);
  // Any thread: the thread ends after the job or iteration it is in.
  void close();

  // Device thread, from a job. The queue shares the loop until it has ended or is removed, or the thread ends.
  void add_loop(std::shared_ptr<Loop> loop);
  void remove_loop(const Loop* loop);

  // The body of the device thread.
  void serve();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class DeviceThread {
 public:
  // Runs on the device thread; what it returns makes the value on the JS thread, what it throws is the rejection.
  using Work = std::function<MakeValue()>;
  // Runs on the device thread and settles the promise, now or later; what it throws rejects it.
  using SettlingWork = std::function<void(const Settlement&)>;

  using Queue = JobQueue;

  // All methods: JS thread.

  // The CPU's thread of this environment; the first call starts it.
  static DeviceThread& of(Napi::Env env);

  // `handle`, when given, is not collected before the promise settles.
  Napi::Promise run(Napi::Env env, Work work, Napi::Object handle = Napi::Object());
  Napi::Promise run_settling(Napi::Env env, SettlingWork work, Napi::Object handle = Napi::Object());

  const std::shared_ptr<JobQueue>& queue() const { return queue_; }
  const std::shared_ptr<Outbox>& outbox() const { return outbox_; }

  explicit DeviceThread(Napi::Env env);
  ~DeviceThread();
  DeviceThread(const DeviceThread&) = delete;
  DeviceThread& operator=(const DeviceThread&) = delete;

 private:
  // The environment is going away.
  void close();

  std::shared_ptr<Outbox> outbox_;
  std::shared_ptr<JobQueue> queue_;
};

}  // namespace erprm
