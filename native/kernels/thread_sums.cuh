// Sums and maxima over the threads of a warp or of a block, told to all of them. Their order is fixed by the number of
// threads alone.
#pragma once

#include <cstdint>

#include "kernels/cuda_device.h"

namespace erprm::cuda {

constexpr int kWarpThreads = 32;
constexpr unsigned kAllLanes = 0xFFFFFFFFu;
constexpr int kBlockThreads = 256;  // of kernels that have no reason for another number

inline int64_t blocks_for(int64_t threads) { return (threads + kBlockThreads - 1) / kBlockThreads; }

// The same number in all lanes: additions pair up alike in every lane.
template <typename T>
__device__ T warp_sum(T x) {
#pragma unroll
  for (int distance = kWarpThreads / 2; distance > 0; distance /= 2) x += __shfl_xor_sync(kAllLanes, x, distance);
  return x;
}

__device__ inline float warp_max(float x) {
#pragma unroll
  for (int distance = kWarpThreads / 2; distance > 0; distance /= 2) {
    x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, distance));
  }
  return x;
}

// Over the whole block, whose threads, a multiple of kWarpThreads, must all be here.
template <typename T>
__device__ T block_sum(T x) {
  __shared__ T warps[kWarpThreads];
  const int lane = static_cast<int>(threadIdx.x) % kWarpThreads;
  const int num_warps = static_cast<int>(blockDim.x) / kWarpThreads;
  x = warp_sum(x);
  if (num_warps == 1) return x;
  if (lane == 0) warps[threadIdx.x / kWarpThreads] = x;
  __syncthreads();
  x = warp_sum(lane < num_warps ? warps[lane] : T{});
  __syncthreads();  // before the next sum writes
  return x;
}

// Over the kThreads threads of a row: a warp, or the whole block of kBlockThreads.
template <int kThreads>
__device__ float row_sum(float x) {
  static_assert(kThreads == kWarpThreads || kThreads == kBlockThreads);
  if constexpr (kThreads == kWarpThreads) {
    return warp_sum(x);
  } else {
    return block_sum(x);
  }
}

}  // namespace erprm::cuda
