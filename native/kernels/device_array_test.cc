#include "kernels/device_array.h"

#include "core/testing.h"

namespace {

using erprm::cuda::DeviceArray;

TEST("an array on the device gives back what was written to it") {
  if (!erprm::cuda::has_device()) return;
  const std::vector<float> values{1, -2, 3.5f};
  const DeviceArray<float> first(values);
  CHECK(first.read() == values);
  DeviceArray<float> second(3);
  CHECK(erprm::cuda::copy_memory(second.data(), first.data(), 3 * sizeof(float)) == 0);
  CHECK(second.read() == values);
  CHECK_THROWS(second.write({1}), "Expected 3 values, received 1");
  CHECK(DeviceArray<int>(0).read().empty());
}

TEST("a status other than 0 becomes an error with CUDA's words") {
  CHECK_THROWS(CHECK_LAUNCHED(1), "received CUDA error 1: invalid argument");
}

}  // namespace
