#include "kernels/cuda_device.h"
#include "kernels/cuda_memory.h"

namespace erprm::cuda {

int allocate_memory(void** memory, size_t bytes) { return static_cast<int>(cudaMalloc(memory, bytes)); }

int free_memory(void* memory) { return static_cast<int>(cudaFree(memory)); }

int copy_memory(void* to, const void* from, size_t bytes) {
  if (const int status = static_cast<int>(cudaDeviceSynchronize())) return status;
  return static_cast<int>(cudaMemcpy(to, from, bytes, cudaMemcpyDefault));
}

int wait_for(Stream stream) { return static_cast<int>(cudaStreamSynchronize(stream)); }

int num_devices() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

const char* error_text(int status) { return cudaGetErrorString(static_cast<cudaError_t>(status)); }

}  // namespace erprm::cuda
