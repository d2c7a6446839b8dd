#include "emulation/fiber.h"

#include <cstdint>

namespace erprm::emulation {

#if defined(__x86_64__)

// The registers that a called function must keep (System V ABI, AMD64) go onto the old stack and come from the new one.
// A system's swapcontext would save the signal mask too: a system call for every switch.
extern "C" void erprm_switch_stack(void** save, void* load);
asm(R"(
.text
.p2align 4
.globl erprm_switch_stack
.hidden erprm_switch_stack
.type erprm_switch_stack, @function
erprm_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size erprm_switch_stack, .-erprm_switch_stack
)");

void prepare_fiber(Fiber& fiber, void* stack, size_t bytes, void (*entry)()) {
  constexpr int kSaved = 6;
  char* top = static_cast<char*>(stack) + bytes;
  top -= reinterpret_cast<uintptr_t>(top) % 16;
  // From the top: a return address of nobody (which leaves the stack aligned as after a call), entry, the registers.
  auto** slot = reinterpret_cast<void**>(top) - 1;
  *slot-- = nullptr;
  *slot = reinterpret_cast<void*>(entry);
  for (int i = 0; i < kSaved; ++i) *--slot = nullptr;
  fiber.stack_pointer = slot;
}

void switch_fiber(Fiber& from, Fiber& to) { erprm_switch_stack(&from.stack_pointer, to.stack_pointer); }

#else

void prepare_fiber(Fiber& fiber, void* stack, size_t bytes, void (*entry)()) {
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = stack;
  fiber.context.uc_stack.ss_size = bytes;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, entry, 0);
}

void switch_fiber(Fiber& from, Fiber& to) { swapcontext(&from.context, &to.context); }

#endif

}  // namespace erprm::emulation
