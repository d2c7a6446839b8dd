// launch: runs a kernel over a grid, one block after another, on the calling thread. One launch at a time in a process.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "emulation/types.h"

namespace erprm::emulation {

// Checks the configuration as CUDA does, runs every thread of every block, and returns CUDA's error: 0, or what
// last_error() then explains. `kernel` is any address that stands for the kernel; `text` names it in messages.
cudaError_t run_grid(const void* kernel, const char* text, dim3 grid, dim3 block, size_t shared_bytes,
                     void (*thread)(void*), void* arguments);

// What went wrong with the last launch on this process that failed; "" if none did.
const char* last_error();

// A kernel may use more than 48 KiB of dynamic shared memory only after this (cudaFuncSetAttribute). False when a card
// of compute capability 8.0 does not have as much.
bool allow_shared(const void* kernel, size_t bytes);

template <typename... Parameters, typename... Arguments>
int launch(const char* text, void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t,
           Arguments&&... arguments) {
  struct Call {
    void (*kernel)(Parameters...);
    std::tuple<std::decay_t<Parameters>...> values;
  };
  Call call{kernel, {static_cast<std::decay_t<Parameters>>(std::forward<Arguments>(arguments))...}};
  const auto thread = [](void* context) {
    auto* made = static_cast<Call*>(context);
    std::apply(made->kernel, made->values);
  };
  return run_grid(reinterpret_cast<const void*>(kernel), text, grid, block, shared_bytes, thread, &call);
}

}  // namespace erprm::emulation
