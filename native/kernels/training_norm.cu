// RMS norm of rows, forward and backward. A row of up to kWarpWidth numbers is a warp's, a wider one a block's.
//
// Backward reads every row twice: for the sum that its gradient needs, and, from the cache, for the gradient. A block
// takes a run of rows and keeps what they give the weight's gradient in shared memory, where every thread adds to
// columns of its own; the blocks' sums are then added in the order of the rows.
#include "kernels/cuda_training.h"
#include "kernels/packed_numbers.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {
namespace {

constexpr int kWarpWidth = 512;
// Blocks of a backward pass: enough to fill a card, few enough that their sums weigh little.
constexpr int64_t kMostPartials = 512;

template <typename T, int N, int kThreads>
__global__ void __launch_bounds__(kBlockThreads)
    norm_kernel(const T* x, int64_t rows, int width, const float* weight, float epsilon, T* y, float* inverse_rms) {
  constexpr int kRows = kBlockThreads / kThreads;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kRows + threadIdx.x / kThreads;
  if (row >= rows) return;  // a whole warp, and no other thread of its row
  const int first = static_cast<int>(threadIdx.x) % kThreads * N;
  x += row * width;
  y += row * width;
  float squares = 0;
  for (int i = first; i < width; i += kThreads * N) {
    const Numbers<N> v = load<N>(x + i);
#pragma unroll
    for (int j = 0; j < N; ++j) squares += v.at[j] * v.at[j];
  }
  const float factor = 1.0f / sqrtf(row_sum<kThreads>(squares) / static_cast<float>(width) + epsilon);
  if (first == 0) inverse_rms[row] = factor;
  for (int i = first; i < width; i += kThreads * N) {
    Numbers<N> v = load<N>(x + i);
    const Numbers<N> w = load<N>(weight + i);
#pragma unroll
    for (int j = 0; j < N; ++j) v.at[j] = v.at[j] * factor * w.at[j];
    store(y + i, v);
  }
}

// Block b takes rows [b per_block, (b + 1) per_block) and writes row b of partials.
template <typename T, int N, int kThreads>
__global__ void __launch_bounds__(kBlockThreads)
    norm_backward_kernel(const T* dy, const T* x, int64_t rows, int width, int64_t per_block, const float* weight,
                         const float* inverse_rms, T* dx, float* partials) {
  constexpr int kRows = kBlockThreads / kThreads;
  ERPRM_DYNAMIC_SHARED(float, sums);  // [kRows, width] when there are partials
  const int own = static_cast<int>(threadIdx.x) / kThreads, first = static_cast<int>(threadIdx.x) % kThreads * N;
  float* own_sums = sums + static_cast<int64_t>(own) * width;
  if (partials != nullptr) {
    for (int i = first; i < width; i += kThreads * N) store(own_sums + i, Numbers<N>{});
  }
  const int64_t begin = static_cast<int64_t>(blockIdx.x) * per_block;
  const int64_t end = begin + per_block < rows ? begin + per_block : rows;
  for (int64_t row = begin + own; row < end; row += kRows) {
    const int64_t start = row * width;
    const float factor = inverse_rms[row];
    float products = 0;
    for (int i = first; i < width; i += kThreads * N) {
      const Numbers<N> g = load<N>(dy + start + i), v = load<N>(x + start + i), w = load<N>(weight + i);
      Numbers<N> to_weight;
#pragma unroll
      for (int j = 0; j < N; ++j) {
        to_weight.at[j] = g.at[j] * (v.at[j] * factor);
        products += to_weight.at[j] * w.at[j];
      }
      if (partials == nullptr) continue;
      Numbers<N> sum = load<N>(own_sums + i);
#pragma unroll
      for (int j = 0; j < N; ++j) sum.at[j] += to_weight.at[j];
      store(own_sums + i, sum);
    }
    const float mean = row_sum<kThreads>(products) / static_cast<float>(width);
    for (int i = first; i < width; i += kThreads * N) {
      const Numbers<N> g = load<N>(dy + start + i), v = load<N>(x + start + i), w = load<N>(weight + i);
      Numbers<N> to_x;
#pragma unroll
      for (int j = 0; j < N; ++j) to_x.at[j] = (g.at[j] * w.at[j] - v.at[j] * factor * mean) * factor;
      store(dx + start + i, to_x);
    }
  }
  if (partials == nullptr) return;
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < width; i += kBlockThreads) {
    float sum = 0;
    for (int r = 0; r < kRows; ++r) sum += sums[r * width + i];
    partials[static_cast<int64_t>(blockIdx.x) * width + i] = sum;
  }
}

// total [width] += the sums of the columns of partials [rows, width]: a warp's lanes take neighbouring columns, the
// warps of a block every eighth row.
__global__ void __launch_bounds__(kBlockThreads)
    add_columns_kernel(const float* partials, int64_t rows, int width, float* total) {
  constexpr int kWarps = kBlockThreads / kWarpThreads;
  __shared__ float sums[kWarps][kWarpThreads];
  const int lane = static_cast<int>(threadIdx.x) % kWarpThreads, warp = static_cast<int>(threadIdx.x) / kWarpThreads;
  const int column = static_cast<int>(blockIdx.x) * kWarpThreads + lane;
  float sum = 0;
  if (column < width) {
    for (int64_t row = warp; row < rows; row += kWarps) sum += partials[row * width + column];
  }
  sums[warp][lane] = sum;
  __syncthreads();
  if (warp != 0 || column >= width) return;
  sum = 0;
  for (int w = 0; w < kWarps; ++w) sum += sums[w][lane];
  total[column] += sum;
}

int rows_at_once(int width) { return width <= kWarpWidth ? kBlockThreads / kWarpThreads : 1; }

int64_t rows_per_block(int64_t rows, int width) {
  const int64_t at_once = rows_at_once(width), least = (rows + kMostPartials - 1) / kMostPartials;
  return (least + at_once - 1) / at_once * at_once;
}

}  // namespace

int training_norm(const void* x, int64_t rows, int width, const float* weight, float epsilon, void* y,
                  float* inverse_rms, Element element, Stream stream) {
  if (rows == 0) return 0;
  return for_element(element, [&]<typename T>() {
    const bool packs = width % kPack<T> == 0 && aligned(x, weight, y);
    return for_pack<T>(packs, [&]<int N>() {
      const auto* from = static_cast<const T*>(x);
      auto* to = static_cast<T*>(y);
      const int64_t blocks = (rows + rows_at_once(width) - 1) / rows_at_once(width);
      if (width <= kWarpWidth) {
        return ERPRM_LAUNCH((norm_kernel<T, N, kWarpThreads>), blocks, kBlockThreads, 0, stream, from, rows, width,
                            weight, epsilon, to, inverse_rms);
      }
      return ERPRM_LAUNCH((norm_kernel<T, N, kBlockThreads>), blocks, kBlockThreads, 0, stream, from, rows, width,
                          weight, epsilon, to, inverse_rms);
    });
  });
}

int64_t norm_partials(int64_t rows, int width) {
  if (rows == 0) return 0;
  const int64_t each = rows_per_block(rows, width);
  return (rows + each - 1) / each;
}

int training_norm_backward(const void* dy, const void* x, int64_t rows, int width, const float* weight,
                           const float* inverse_rms, void* dx, float* partials, float* dweight, Element element,
                           Stream stream) {
  if (rows == 0) return 0;
  const int64_t blocks = norm_partials(rows, width), each = rows_per_block(rows, width);
  const size_t shared = partials == nullptr ? 0 : sizeof(float) * rows_at_once(width) * width;
  const int status = for_element(element, [&]<typename T>() {
    const bool packs = width % kPack<T> == 0 && aligned(dy, x, weight, dx);
    return for_pack<T>(packs, [&]<int N>() {
      const auto *gradient = static_cast<const T*>(dy), *from = static_cast<const T*>(x);
      auto* to = static_cast<T*>(dx);
      if (width <= kWarpWidth) {
        return ERPRM_LAUNCH((norm_backward_kernel<T, N, kWarpThreads>), blocks, kBlockThreads, shared, stream, gradient,
                            from, rows, width, each, weight, inverse_rms, to, partials);
      }
      return ERPRM_LAUNCH((norm_backward_kernel<T, N, kBlockThreads>), blocks, kBlockThreads, shared, stream, gradient,
                          from, rows, width, each, weight, inverse_rms, to, partials);
    });
  });
  if (status != 0 || partials == nullptr) return status;
  return ERPRM_LAUNCH(add_columns_kernel, (width + kWarpThreads - 1) / kWarpThreads, kBlockThreads, 0, stream, partials,
                      blocks, width, dweight);
}

}  // namespace erprm::cuda
