// device_array: memory of the device for tests of kernels: cudaMalloc in a build with CUDA, the host's under emulation,
// with bytes beside it that are checked. The same test runs on both.
//
//   const DeviceArray<float> x(std::vector<float>{1, 2, 3});  // uploaded
//   DeviceArray<float> y(3);                                  // holds anything (NaN under emulation)
//   CHECK_LAUNCHED(cuda::scale(x.data(), 2.0f, y.data(), 3, nullptr));
//   const std::vector<float> result = y.read();               // waits for the device
//
// A test of a kernel begins with `if (!has_device()) return;`: false on a machine without a card in a CUDA build,
// unless ERPRM_TEST_DEVICE names one: then the test fails.
#pragma once

#include <cstdlib>
#include <utility>
#include <vector>

#include "core/error.h"
#include "kernels/cuda_memory.h"

namespace erprm::cuda {

inline void require_success(int status, const char* what) {
  require(status == 0, ErrorCode::DEVICE_FAULT, "Expected ", what, " to succeed, received CUDA error ", status, ": ",
          error_text(status));
}

inline bool has_device() {
  if (num_devices() > 0) return true;
  const char* wanted = std::getenv("ERPRM_TEST_DEVICE");
  require(wanted == nullptr, ErrorCode::DEVICE_UNAVAILABLE, "Expected a CUDA device, since ERPRM_TEST_DEVICE is ",
          wanted == nullptr ? "" : wanted, ", received none");
  return false;
}

template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(size_t size) : size_(size) {
    require_success(allocate_memory(&memory_, size * sizeof(T)), "an allocation of device memory");
  }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) { write(values); }
  DeviceArray(DeviceArray&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  DeviceArray& operator=(DeviceArray&&) = delete;

  // What went wrong on the device is told by read().
  ~DeviceArray() {
    if (memory_ != nullptr) static_cast<void>(free_memory(memory_));
  }

  T* data() const { return static_cast<T*>(memory_); }
  size_t size() const { return size_; }

  void write(const std::vector<T>& values) {
    require(values.size() == size_, ErrorCode::INTERNAL, "Expected ", size_, " values, received ", values.size());
    require_success(copy_memory(memory_, values.data(), size_ * sizeof(T)), "a copy to the device");
  }

  std::vector<T> read() const {
    std::vector<T> values(size_);
    require_success(copy_memory(values.data(), memory_, size_ * sizeof(T)), "a copy from the device");
    return values;
  }

 private:
  void* memory_ = nullptr;
  size_t size_ = 0;
};

}  // namespace erprm::cuda

// For tests: fails with CUDA's words unless a launcher returned 0.
#define CHECK_LAUNCHED(call) ::erprm::cuda::require_success((call), #call)
