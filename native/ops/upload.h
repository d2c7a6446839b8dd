// upload: numbers of the host to where tensors lie, without waiting for the work that is queued there.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace erprm {

// A tensor i32 or f32 [count] on `device` with these numbers, which may change or go away once this returns. To a card
// they go by way of page-locked memory, in the order of the calling thread's current stream.
at::Tensor upload(std::span<const int32_t> numbers, at::Device device);
at::Tensor upload(std::span<const float> numbers, at::Device device);

}  // namespace erprm
