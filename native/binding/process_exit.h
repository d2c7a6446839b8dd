// process_exit: what keeps a native thread safe while the process or its worker ends under it.
//
// exit() runs the destructors of libtorch's globals while the device thread may be in the middle of a matrix product.
// Waiting is no way out (loading a model takes seconds), nor can a thread be stopped from outside. So: a thread is
// inside a BusyScope while it works; if any is when exit() begins, the process ends at once with the same status and
// without those destructors. A thread that wants to begin work after that point sleeps for good. A thread that ends is
// busy until libtorch's thread_locals are gone.
#pragma once

#include "binding/napi_setup.h"

namespace erprm {

// JS thread, before the first device thread of an environment starts. Also keeps this library mapped: Node unloads it
// with the last worker that used it, and a device thread may outlive its worker by one iteration.
void guard_process_exit(Napi::Env env);

// Any thread: if the process exits from here on, the guard runs before the destructors of whatever globals were made
// until now. Does nothing once it was called often enough for all of libtorch's to be there.
void renew_process_exit_guard();

// First thing on a native thread: from `end_native_thread` on it counts as busy until its thread_locals, those made
// after this call, are gone.
void begin_native_thread();
void end_native_thread();

// Native threads.
class BusyScope {
 public:
  BusyScope();
  ~BusyScope();
  BusyScope(const BusyScope&) = delete;
  BusyScope& operator=(const BusyScope&) = delete;
};

}  // namespace erprm
