// fiber: flows of control with stacks of their own on one host thread; the threads of an emulated block are such.
//
// A fiber starts in a function that never returns: it ends by switching away for good.
#pragma once

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace erprm::emulation {

#if defined(__x86_64__)
// Its registers lie on its stack while it does not run.
struct Fiber {
  void* stack_pointer = nullptr;
};
#else
struct Fiber {
  ucontext_t context;
};
#endif

// Makes `fiber` one that starts in `entry` on the `bytes` of stack from `stack` on when it is switched to.
void prepare_fiber(Fiber& fiber, void* stack, size_t bytes, void (*entry)());

// Goes on with `to`; returns when somebody switches to `from`, which becomes the flow that called this.
void switch_fiber(Fiber& from, Fiber& to);

}  // namespace erprm::emulation
