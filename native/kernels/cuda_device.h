// cuda_device: the only header of CUDA that a .cu file includes. With nvcc it is CUDA's own; otherwise its emulation
// (native/emulation), and ERPRM_EMULATED_CUDA is 1.
//
//   template <int kWidth>
//   __global__ void scale(const float* x, float factor, float* y) {
//     ERPRM_DYNAMIC_SHARED(float, tile);  // shared_bytes of the launch
//     ...
//   }
//
//   int cuda::scale(const float* x, float factor, float* y, int rows, Stream stream) {
//     return ERPRM_LAUNCH(scale<64>, dim3(rows), dim3(128), 64 * sizeof(float), stream, x, factor, y);
//   }
//
// ERPRM_LAUNCH(kernel, grid, block, shared_bytes, stream, arguments...) is a cudaError_t as an int: 0 when the kernel
// was launched (emulated: when it ran). An empty grid is an error, so a launcher returns before it. More than 48 KiB of
// dynamic shared memory needs cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes) before.
#pragma once

#ifdef __CUDACC__

#define ERPRM_EMULATED_CUDA 0

#include <cuda_bf16.h>
#include <cuda_pipeline_primitives.h>
#include <cuda_runtime.h>
#include <math_constants.h>
#include <mma.h>

namespace erprm::cuda {

template <typename... Parameters, typename... Arguments>
int launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
           Arguments&&... arguments) {
  kernel<<<grid, block, shared_bytes, stream>>>(static_cast<Parameters>(arguments)...);
  return static_cast<int>(cudaGetLastError());
}

}  // namespace erprm::cuda

#define ERPRM_LAUNCH(...) ::erprm::cuda::launch(__VA_ARGS__)

// The block's dynamic shared memory, aligned to 128 bytes. All uses in one kernel are the same memory.
#define ERPRM_DYNAMIC_SHARED(type, name)                                 \
  extern __shared__ __align__(128) unsigned char erprm_dynamic_shared[]; \
  type* const name = reinterpret_cast<type*>(erprm_dynamic_shared)

#else

#define ERPRM_EMULATED_CUDA 1

#include "emulation/cuda_emulation.h"

#define ERPRM_LAUNCH(...) ::erprm::emulation::launch(#__VA_ARGS__, __VA_ARGS__)

#define ERPRM_DYNAMIC_SHARED(type, name) type* const name = static_cast<type*>(::erprm::emulation::dynamic_shared())

#endif
