#include "model/accelerator_stream.h"

#include <ATen/ops/empty.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "core/error.h"
#include "ops/device_fault.h"

#if ERPRM_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <cuda_runtime_api.h>
#endif

namespace erprm {
namespace {

// What emulated kernels pretend to have: enough for the small models they are fast enough for.
[[maybe_unused]] constexpr int64_t kEmulatedBytes = int64_t{256} << 20;

}  // namespace

AcceleratorStream::AcceleratorStream(DeviceChoice choice) : choice_(choice) {
  require(choice.accelerated(), ErrorCode::INTERNAL, "Expected an accelerator, received the CPU");
  if (choice.emulated) return;
  const c10::impl::VirtualGuardImpl device(choice.device.type());
  stream_ = device.getStreamFromGlobalPool(choice.device);
}

AcceleratorStream::Use::Use(const AcceleratorStream& stream)
    : emulated_(stream.choice_.emulated),
      guard_(stream.stream_.has_value() ? c10::OptionalStreamGuard(*stream.stream_) : c10::OptionalStreamGuard()) {}

void AcceleratorStream::synchronize() const {
  if (stream_.has_value()) stream_->synchronize();
}

int64_t AcceleratorStream::free_bytes() const {
#if ERPRM_CUDA
  const c10::DeviceGuard guard(choice_.device);
  c10::cuda::CUDACachingAllocator::emptyCache();
  size_t free = 0, total = 0;
  C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  return static_cast<int64_t>(free);
#else
  return kEmulatedBytes;
#endif
}

at::Tensor AcceleratorStream::host_empty(at::IntArrayRef sizes, at::ScalarType type) const {
  return at::empty(sizes, at::TensorOptions(type).pinned_memory(!choice_.emulated));
}

void AcceleratorStream::free_host(at::Tensor host) const noexcept {
  if (host.defined() && !device_works(choice_)) static_cast<void>(host.unsafeReleaseTensorImpl());
}

at::Tensor AcceleratorStream::empty(at::IntArrayRef sizes, at::ScalarType type) const {
  return at::empty(sizes, at::TensorOptions(choice_.device).dtype(type));
}

}  // namespace erprm
