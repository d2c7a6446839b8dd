#include "ops/device_fault.h"

#include <c10/util/Exception.h>

#if ERPRM_CUDA
#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <cuda_runtime_api.h>
#endif

#include "core/error.h"

namespace erprm {
namespace {

// The fault's message; nothing for other errors.
std::optional<std::string> fault_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    if (known.code() == ErrorCode::DEVICE_FAULT) return known.message();
  } catch (const c10::AcceleratorError& torch) {
    const std::string text = torch.what_without_backtrace();
    return text.substr(0, text.find('\n'));
  } catch (...) {  // another kind of error: the caller has it
  }
  return std::nullopt;
}

}  // namespace

bool is_device_fault(const std::exception_ptr& error) { return fault_of(error).has_value(); }

void DeviceFault::expect_none() const {
  if (!first_) return;
  throw Error(ErrorCode::DEVICE_FAULT,
              concat("Expected a device that works, received one that failed before; only a new process can use it "
                     "again. The failure: ",
                     *first_),
              {{"native", *first_}});
}

void DeviceFault::note(const std::exception_ptr& error) {
  if (!first_) first_ = fault_of(error);
}

#if ERPRM_CUDA

bool device_works(const DeviceChoice& choice) noexcept {
  if (choice.device.is_cpu()) return true;
  try {
    const c10::DeviceGuard guard(choice.device);
    return cudaDeviceSynchronize() == cudaSuccess;
  } catch (const std::exception&) {  // not even to be chosen
    return false;
  }
}

void return_device_memory() noexcept {
  try {
    c10::cuda::CUDACachingAllocator::emptyCache();
  } catch (const std::exception&) {  // a device that failed: whoever uses it is told
  }
}

#else

bool device_works(const DeviceChoice&) noexcept { return true; }

void return_device_memory() noexcept {}

#endif

}  // namespace erprm
