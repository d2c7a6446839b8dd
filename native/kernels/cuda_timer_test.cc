#include "kernels/cuda_timer.h"

#include "core/testing.h"
#include "kernels/device_array.h"

namespace {

TEST("a timer tells the milliseconds between its start and its stop, again and again") {
  if (!erprm::cuda::has_device()) return;
  const erprm::cuda::DeviceArray<float> from(1 << 20), to(1 << 20);
  erprm::cuda::Timer timer;
  for (int run = 0; run < 3; ++run) {
    timer.start(nullptr);
    CHECK_LAUNCHED(erprm::cuda::copy_memory(to.data(), from.data(), to.size() * sizeof(float)));
    const float milliseconds = timer.stop(nullptr);
    CHECK(milliseconds > 0 && milliseconds < 60'000);
  }
}

}  // namespace
