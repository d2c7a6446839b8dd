// Where the tests of the accelerator compute: on a card where this build and machine have one, otherwise in the host's
// memory with the emulated kernels. A CUDA build on a machine without a card has neither, and such a test ends at once.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/device_array.h"
#include "ops/accelerator.h"

namespace erprm::testing {

// Throws DEVICE_UNAVAILABLE in a CUDA build on a machine without a card.
inline DeviceChoice accelerator_choice() { return choose_device("device", ERPRM_CUDA == 1 ? "cuda" : "cuda-emulated"); }

// Throws where there is none although ERPRM_TEST_DEVICE names one.
inline bool has_accelerator() { return cuda::has_device(); }

// While one lives, the accelerator computes what lies where `there` puts it.
struct OnAccelerator {
  const DeviceChoice choice = accelerator_choice();
  const Emulated scope{choice.emulated};

  at::Tensor there(const at::Tensor& x) const { return x.defined() ? x.to(choice.device) : x; }
};

}  // namespace erprm::testing
