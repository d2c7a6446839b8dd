#include "ops/upload.h"

#include <ATen/ops/empty.h>

#include <algorithm>

namespace erprm {
namespace {

template <typename T>
at::Tensor place(std::span<const T> numbers, at::ScalarType type, at::Device device) {
  const auto options = at::TensorOptions(type).pinned_memory(!device.is_cpu());
  const at::Tensor host = at::empty({static_cast<int64_t>(numbers.size())}, options);
  std::copy(numbers.begin(), numbers.end(), host.data_ptr<T>());
  // torch keeps page-locked memory until the copy is done.
  return device.is_cpu() ? host : host.to(device, /*non_blocking=*/true);
}

}  // namespace

at::Tensor upload(std::span<const int32_t> numbers, at::Device device) { return place(numbers, at::kInt, device); }

at::Tensor upload(std::span<const float> numbers, at::Device device) { return place(numbers, at::kFloat, device); }

}  // namespace erprm
