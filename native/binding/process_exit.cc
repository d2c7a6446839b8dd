#include "binding/process_exit.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

#include "core/error.h"

namespace erprm {
namespace {

std::atomic<bool> process_exits = false;
std::atomic<int> num_busy = 0;

// on_exit, unlike atexit, is told the status.
void end_at_once_when_busy(int status, void*) {
  process_exits = true;
  if (num_busy > 0) _exit(status);
}

void pin_library() {
  Dl_info library{};
  require(dladdr(reinterpret_cast<void*>(&pin_library), &library) != 0, ErrorCode::INTERNAL,
          "The addon cannot find its own file");
  require(dlopen(library.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE) != nullptr, ErrorCode::INTERNAL,
          "The addon cannot keep itself loaded");
}

// Handlers stay registered for good, so there is a bound: every kind of work has been done by then.
constexpr int kMostRenewals = 256;
std::atomic<int> num_renewals = 0;

// Destroyed after every thread_local that is made after it.
struct ThreadEnd {
  bool counted = false;
  ~ThreadEnd() {
    if (counted) --num_busy;
  }
};
thread_local ThreadEnd thread_end;

}  // namespace

void guard_process_exit(Napi::Env env) {
  static std::once_flag once;
  std::call_once(once, [] {
    pin_library();
    require(on_exit(end_at_once_when_busy, nullptr) == 0, ErrorCode::INTERNAL, "on_exit failed");
  });
  // At the last moment there is, where the environment is the process's own. That of a worker is not told.
  const Napi::Object process = env.Global().Get("process").As<Napi::Object>();
  const Napi::Function listener = Napi::Function::New(env, [](const Napi::CallbackInfo&) {
    if (num_busy > 0) on_exit(end_at_once_when_busy, nullptr);
  });
  process.Get("on").As<Napi::Function>().Call(process, {Napi::String::New(env, "exit"), listener});
}

// Handlers run last in, first out, and libtorch makes some of its globals only when they are first used: the guard has
// to be registered again after them to run before their destructors.
void renew_process_exit_guard() {
  if (num_renewals < kMostRenewals && num_renewals++ < kMostRenewals) on_exit(end_at_once_when_busy, nullptr);
}

void begin_native_thread() { thread_end.counted = false; }

void end_native_thread() {
  thread_end.counted = true;
  ++num_busy;
}

BusyScope::BusyScope() {
  ++num_busy;
  if (process_exits) {
    --num_busy;
    for (;;) pause();
  }
}

BusyScope::~BusyScope() { --num_busy; }

}  // namespace erprm
