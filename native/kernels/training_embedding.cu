// Rows of an embedding, and what a batch adds to its gradient. A token that comes many times is added up by one block
// in the order of its places, so nothing depends on which block is first.
#include "kernels/cuda_training.h"
#include "kernels/packed_numbers.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {
namespace {

constexpr int kMostBlocksY = 65535;

template <typename T, int N>
__global__ void __launch_bounds__(kBlockThreads)
    embed_kernel(const int32_t* tokens, int64_t total, const float* weight, int width, T* x) {
  const int64_t i = (static_cast<int64_t>(blockIdx.x) * kBlockThreads + threadIdx.x) * N;
  if (i >= total) return;
  const int64_t row = i / width;
  store(x + i, load<N>(weight + static_cast<int64_t>(tokens[row]) * width + (i - row * width)));
}

// Block (d, c): the d-th different token, columns of chunk c.
template <typename T, int N>
__global__ void __launch_bounds__(kBlockThreads)
    embed_backward_kernel(const T* dx, const int32_t* tokens, const int32_t* places, const int32_t* starts, int width,
                          float* dweight) {
  const int column = static_cast<int>(blockIdx.y * kBlockThreads + threadIdx.x) * N;
  if (column >= width) return;
  const int32_t begin = starts[blockIdx.x], end = starts[blockIdx.x + 1];
  float* to = dweight + static_cast<int64_t>(tokens[places[begin]]) * width + column;
  Numbers<N> sum = load<N>(to);
#pragma unroll 4
  for (int32_t p = begin; p < end; ++p) {
    const Numbers<N> part = load<N>(dx + static_cast<int64_t>(places[p]) * width + column);
#pragma unroll
    for (int j = 0; j < N; ++j) sum.at[j] += part.at[j];
  }
  store(to, sum);
}

}  // namespace

int training_embed(const int32_t* tokens, int64_t count, const float* weight, int width, void* x, Element element,
                   Stream stream) {
  const int64_t total = count * width;
  if (total == 0) return 0;
  return for_element(element, [&]<typename T>() {
    return for_pack<T>(width % kPack<T> == 0 && aligned(weight, x), [&]<int N>() {
      return ERPRM_LAUNCH((embed_kernel<T, N>), blocks_for(total / N), kBlockThreads, 0, stream, tokens, total, weight,
                          width, static_cast<T*>(x));
    });
  });
}

int training_embed_backward(const void* dx, const int32_t* tokens, const int32_t* places, const int32_t* starts,
                            int64_t different, int width, float* dweight, Element element, Stream stream) {
  if (different == 0 || width == 0) return 0;
  return for_element(element, [&]<typename T>() {
    return for_pack<T>(width % kPack<T> == 0 && aligned(dx, dweight), [&]<int N>() {
      const int64_t chunks = blocks_for((width + N - 1) / N);
      if (chunks > kMostBlocksY) return static_cast<int>(cudaErrorInvalidValue);
      const dim3 grid(static_cast<unsigned>(different), static_cast<unsigned>(chunks));
      return ERPRM_LAUNCH((embed_backward_kernel<T, N>), grid, kBlockThreads, 0, stream, static_cast<const T*>(dx),
                          tokens, places, starts, width, dweight);
    });
  });
}

}  // namespace erprm::cuda
