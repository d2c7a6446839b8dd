// accelerator: which tensors are computed by the kernels of namespace cuda, and how those are launched.
//
// That is a CUDA tensor; or, while the calling thread is inside an `Emulated` scope, a CPU tensor: the same kernels
// built for the host (native/emulation), slow, for tests where there is no card. Everything above the kernels asks
// on_accelerator and so takes the same way in both.
//
//   const DeviceChoice choice = choose_device("options.device", "cuda-emulated");
//   const Emulated scope(choice.emulated);
//   const at::Tensor x = at::empty({rows, width}, at::TensorOptions(choice.device));
//   check_launch(cuda::swiglu(..., current_stream()), "swiglu", {&gate, &up});
#pragma once

#include <ATen/core/Tensor.h>

#include <initializer_list>
#include <string_view>

#include "kernels/cuda_stream.h"

namespace erprm {

// What a device's name stands for: "cpu", "cuda", "cuda:INDEX" or, where emulated kernels are linked (a build with a
// libtorch for the CPU), "cuda-emulated": the CPU's memory and the accelerator's kernels.
struct DeviceChoice {
  at::Device device = at::kCPU;  // where tensors lie
  bool emulated = false;

  bool accelerated() const { return emulated || !device.is_cpu(); }
};

// `argument` is what the message calls the name. The choice of an accelerator holds for how torch multiplies in the
// whole process: products of bf16 matrices are summed in f32 alone. Throws INVALID_ARGUMENT for what is no name of a
// device, DEVICE_UNAVAILABLE (details wanted, available) for one that this machine or build does not have.
DeviceChoice choose_device(std::string_view argument, std::string_view name);

// While one with `on` lives, the calling thread's CPU tensors are the accelerator's. Scopes nest; one without `on`
// changes nothing, and none does in a CUDA build, which has no emulated kernels.
class Emulated {
 public:
  explicit Emulated(bool on = true);
  ~Emulated();
  Emulated(const Emulated&) = delete;
  Emulated& operator=(const Emulated&) = delete;

 private:
  const bool previous_;
};

// Whether the calling thread is inside such a scope.
bool emulating();

bool on_accelerator(const at::Tensor& x);

// The stream torch queues the calling thread's work on, on the current device (c10::DeviceGuard sets that); null under
// emulation and in builds without CUDA.
cuda::Stream current_stream();

// Throws DEVICE_FAULT naming the operation and the shapes of its tensors unless a launcher said that it launched. What
// goes wrong while a kernel runs is reported by a later call, as CUDA does.
void check_launch(int status, std::string_view operation, std::initializer_list<const at::Tensor*> tensors);

}  // namespace erprm
