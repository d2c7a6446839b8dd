// device_options: where a model computes and how its weights are held there, from a load's options.
#pragma once

#include <ATen/core/Tensor.h>

#include "binding/args.h"
#include "ops/accelerator.h"
#include "ops/packed_linear.h"

namespace erprm {

struct DeviceOptions {
  DeviceChoice device;
  WeightType packed = WeightType::kF32;    // on the CPU
  at::ScalarType element = at::kBFloat16;  // on an accelerator
};

// Fields `device` (absent: cpu) and `weights`. Throws INVALID_ARGUMENT for no device's name and for weights that the
// device does not hold, DEVICE_UNAVAILABLE for one that this machine or build does not have.
DeviceOptions read_device_options(const Fields& options);

}  // namespace erprm
