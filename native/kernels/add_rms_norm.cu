// One block a row, which its threads hold in registers between the sum of squares and the result; what a very wide row
// has beyond that is read again.
#include <algorithm>

#include "kernels/cuda_transformer.h"
#include "kernels/packed_numbers.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {
namespace {

constexpr int kMostThreads = 1024;
constexpr int kHeld = 2;  // packs a thread holds

template <typename T, int N>
__global__ void __launch_bounds__(kMostThreads) add_rms_norm_kernel(AddRmsNorm args) {
  const int64_t start = static_cast<int64_t>(blockIdx.x) * args.width;
  float* residual = args.residual + start;
  const T* delta = args.delta == nullptr ? nullptr : static_cast<const T*>(args.delta) + start;
  const int first = static_cast<int>(threadIdx.x) * N, step = static_cast<int>(blockDim.x) * N;
  float squares = 0;
  const auto sum_at = [&](int i) {
    Numbers<N> x = load<N>(residual + i);
    if (delta != nullptr) {
      const Numbers<N> change = load<N>(delta + i);
#pragma unroll
      for (int j = 0; j < N; ++j) x.at[j] += change.at[j];
      store(residual + i, x);
    }
#pragma unroll
    for (int j = 0; j < N; ++j) squares += x.at[j] * x.at[j];
    return x;
  };
  Numbers<N> held[kHeld];
#pragma unroll
  for (int h = 0; h < kHeld; ++h) {
    if (first + h * step < args.width) held[h] = sum_at(first + h * step);
  }
  for (int i = first + kHeld * step; i < args.width; i += step) sum_at(i);
  if (args.out == nullptr) return;

  const float factor = 1.0f / sqrtf(block_sum(squares) / static_cast<float>(args.width) + args.epsilon);
  T* out = static_cast<T*>(args.out) + start;
  const auto write = [&](int i, Numbers<N> x) {
    const Numbers<N> weight = load<N>(args.weight + i);
#pragma unroll
    for (int j = 0; j < N; ++j) x.at[j] = x.at[j] * factor * weight.at[j];
    store(out + i, x);
  };
#pragma unroll
  for (int h = 0; h < kHeld; ++h) {
    if (first + h * step < args.width) write(first + h * step, held[h]);
  }
  for (int i = first + kHeld * step; i < args.width; i += step) write(i, load<N>(residual + i));
}

}  // namespace

int add_rms_norm(const AddRmsNorm& args, Element element, Stream stream) {
  if (args.num_rows == 0) return 0;
  return for_element(element, [&]<typename T>() {
    const bool packs = args.width % kPack<T> == 0 && aligned(args.residual, args.delta, args.weight, args.out);
    return for_pack<T>(packs, [&]<int N>() {
      const int wanted = (args.width + N * kHeld - 1) / (N * kHeld);
      const int threads = std::min((wanted + kWarpThreads - 1) / kWarpThreads * kWarpThreads, kMostThreads);
      return ERPRM_LAUNCH((add_rms_norm_kernel<T, N>), args.num_rows, threads, 0, stream, args);
    });
  });
}

}  // namespace erprm::cuda
