#include "ops/accelerator.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <charconv>
#include <string>

#if ERPRM_CUDA
#include <c10/cuda/CUDAStream.h>
#endif

#include "core/error.h"
#include "kernels/cuda_memory.h"

namespace erprm {
namespace {

constexpr std::string_view kEmulatedName = "cuda-emulated";

thread_local bool emulated_here = false;

int num_cuda_devices() {
  return ERPRM_CUDA == 1 && at::globalContext().hasCUDA() ? int{at::detail::getCUDAHooks().deviceCount()} : 0;
}

// Sums of products are f32's: torch lets cuBLAS add the parts of one product of bf16 matrices in bf16.
void refuse_rounded_sums() { at::globalContext().setAllowBF16ReductionCuBLAS(false); }

std::string available_devices(int count) { return count == 0 ? "cpu" : concat("cpu, cuda:0 to cuda:", count - 1); }

}  // namespace

DeviceChoice choose_device(std::string_view argument, std::string_view name) {
  if (name == "cpu") return {};
  const bool emulated = name == kEmulatedName;
  const std::string_view digits = name.starts_with("cuda:") ? name.substr(5) : "0";
  const bool is_cuda = name == "cuda" || (name.starts_with("cuda:") && !digits.empty() &&
                                          digits.find_first_not_of("0123456789") == std::string_view::npos);
  require(is_cuda || emulated, ErrorCode::INVALID_ARGUMENT, "Expected ", argument,
          " to be cpu, cuda or cuda:INDEX, received ", name);
  if (emulated && ERPRM_CUDA == 0) {
    refuse_rounded_sums();
    return {at::kCPU, true};
  }
  const int count = num_cuda_devices();
  int index = 0;
  // More digits than an int holds are no device that a machine has.
  const bool fits = std::from_chars(digits.data(), digits.data() + digits.size(), index).ec == std::errc();
  if (emulated || !fits || index >= count) {
    const std::string available = available_devices(count);
    throw Error(
        ErrorCode::DEVICE_UNAVAILABLE,
        concat("Expected ", argument, " to be a device of this machine and build (", available, "), received ", name),
        {{"wanted", name}, {"available", available}});
  }
  refuse_rounded_sums();
  return {at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index)), false};
}

Emulated::Emulated(bool on) : previous_(emulated_here) { emulated_here = ERPRM_CUDA == 0 && (on || previous_); }

Emulated::~Emulated() { emulated_here = previous_; }

bool emulating() { return emulated_here; }

bool on_accelerator(const at::Tensor& x) { return x.is_cuda() || (emulated_here && x.is_cpu()); }

cuda::Stream current_stream() {
#if ERPRM_CUDA
  return c10::cuda::getCurrentCUDAStream().stream();
#else
  return nullptr;
#endif
}

void check_launch(int status, std::string_view operation, std::initializer_list<const at::Tensor*> tensors) {
  if (status == 0) [[likely]] {
    return;
  }
  std::string shapes;
  for (const at::Tensor* tensor : tensors) {
    shapes += shapes.empty() ? "[" : ", [";
    for (int64_t i = 0; i < tensor->dim(); ++i) shapes += concat(i == 0 ? "" : ", ", tensor->size(i));
    shapes += "]";
  }
  throw Error(ErrorCode::DEVICE_FAULT,
              concat("Expected the kernels of ", operation, " to be launched for tensors of ", shapes,
                     ", received CUDA error ", status, ": ", cuda::error_text(status)),
              {{"operation", operation}, {"status", int64_t{status}}});
}

}  // namespace erprm
