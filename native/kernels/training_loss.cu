// The loss over the vocabulary, a block a row: one reading of the logits finds their largest and the sum of their
// exponentials, a second one turns them into the gradient. And losses of one logit a position.
#include "kernels/cuda_training.h"
#include "kernels/packed_numbers.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {
namespace {

// A sum of exponentials: sum exp(maximum). Without a term maximum is -infinity and sum 0.
struct LogSum {
  float maximum, sum;
};

__device__ inline LogSum joined(LogSum a, LogSum b) {
  const float maximum = fmaxf(a.maximum, b.maximum);
  // exp(-infinity - -infinity) would be NaN where both are empty.
  const float left = a.maximum == maximum ? a.sum : a.sum * expf(a.maximum - maximum);
  const float right = b.maximum == maximum ? b.sum : b.sum * expf(b.maximum - maximum);
  return {maximum, left + right};
}

__device__ inline LogSum warp_joined(LogSum x) {
#pragma unroll
  for (int distance = kWarpThreads / 2; distance > 0; distance /= 2) {
    const LogSum other{__shfl_xor_sync(kAllLanes, x.maximum, distance), __shfl_xor_sync(kAllLanes, x.sum, distance)};
    // The lower lane on the left in both, so that all lanes compute the same bits.
    x = (threadIdx.x & distance) == 0 ? joined(x, other) : joined(other, x);
  }
  return x;
}

// ln of the sum of the exponentials that all threads of the block found.
__device__ float block_log_sum(LogSum x) {
  constexpr int kWarps = kBlockThreads / kWarpThreads;
  __shared__ float maxima[kWarps], sums[kWarps];
  const int lane = static_cast<int>(threadIdx.x) % kWarpThreads;
  x = warp_joined(x);
  if (lane == 0) {
    maxima[threadIdx.x / kWarpThreads] = x.maximum;
    sums[threadIdx.x / kWarpThreads] = x.sum;
  }
  __syncthreads();
  x = warp_joined(lane < kWarps ? LogSum{maxima[lane], sums[lane]} : LogSum{-CUDART_INF_F, 0.0f});
  return x.maximum + logf(x.sum);
}

template <typename T, int N>
__global__ void __launch_bounds__(kBlockThreads)
    vocabulary_loss_kernel(T* logits, int64_t vocabulary, const int32_t* tokens, const float* weights, float* losses) {
  T* row = logits + static_cast<int64_t>(blockIdx.x) * vocabulary;
  const int32_t token = tokens[blockIdx.x];
  LogSum own{-CUDART_INF_F, 0.0f};
  for (int64_t i = static_cast<int64_t>(threadIdx.x) * N; i < vocabulary; i += int64_t{kBlockThreads} * N) {
    const Numbers<N> v = load<N>(row + i);
    float maximum = own.maximum;
#pragma unroll
    for (int j = 0; j < N; ++j) maximum = fmaxf(maximum, v.at[j]);
    if (maximum != own.maximum) own = {maximum, own.sum * expf(own.maximum - maximum)};
#pragma unroll
    for (int j = 0; j < N; ++j) own.sum += expf(v.at[j] - maximum);
  }
  const float log_sum = block_log_sum(own);
  if (threadIdx.x == 0) losses[blockIdx.x] = log_sum - widened(row[token]);
  if (weights == nullptr) return;
  __syncthreads();  // the loss is read before its logit is overwritten
  const float weight = weights[blockIdx.x];
  for (int64_t i = static_cast<int64_t>(threadIdx.x) * N; i < vocabulary; i += int64_t{kBlockThreads} * N) {
    Numbers<N> v = load<N>(row + i);
#pragma unroll
    for (int j = 0; j < N; ++j) v.at[j] = (expf(v.at[j] - log_sum) - (i + j == token ? 1.0f : 0.0f)) * weight;
    store(row + i, v);
  }
}

struct LogitLossArguments {
  const float *positive, *negative, *bias, *labels, *weights;
  LogitLoss loss;
  float *losses, *scores, *slopes;
};

// ln(1 + exp(d)) without overflow.
__device__ inline float softplus(float d) { return fmaxf(d, 0.0f) + log1pf(expf(-fabsf(d))); }

// A warp has a row.
template <typename T, int N>
__global__ void __launch_bounds__(kBlockThreads)
    logit_loss_kernel(const T* hidden, int64_t rows, int width, LogitLossArguments args, T* dhidden) {
  const int64_t row = (static_cast<int64_t>(blockIdx.x) * kBlockThreads + threadIdx.x) / kWarpThreads;
  if (row >= rows) return;  // the whole warp
  const int first = static_cast<int>(threadIdx.x) % kWarpThreads * N;
  const auto direction = [&](int i) {
    Numbers<N> d = load<N>(args.positive + i);
    if (args.negative != nullptr) {
      const Numbers<N> other = load<N>(args.negative + i);
#pragma unroll
      for (int j = 0; j < N; ++j) d.at[j] -= other.at[j];
    }
    return d;
  };
  float products = 0;
  for (int i = first; i < width; i += kWarpThreads * N) {
    const Numbers<N> h = load<N>(hidden + row * width + i), w = direction(i);
#pragma unroll
    for (int j = 0; j < N; ++j) products += h.at[j] * w.at[j];
  }
  const float d = warp_sum(products) + (args.bias != nullptr ? *args.bias : 0.0f);
  const float shrunk = expf(-fabsf(d)), p = (d >= 0 ? 1.0f : shrunk) / (1.0f + shrunk), label = args.labels[row];
  const bool squares = args.loss == LogitLoss::kSquaredError;
  const float slope = args.weights[row] * (squares ? 2.0f * (p - label) * p * (1.0f - p) : p - label);
  if (first == 0) {
    args.losses[row] = squares ? (p - label) * (p - label) : label * softplus(-d) + (1.0f - label) * softplus(d);
    args.scores[row] = p;
    args.slopes[row] = slope;
  }
  if (dhidden == nullptr) return;
  for (int i = first; i < width; i += kWarpThreads * N) {
    Numbers<N> w = direction(i);
#pragma unroll
    for (int j = 0; j < N; ++j) w.at[j] *= slope;
    store(dhidden + row * width + i, w);
  }
}

// Lanes take neighbouring columns, the warps of a block every eighth row; block 0 also adds up the slopes.
template <typename T>
__global__ void __launch_bounds__(kBlockThreads)
    logit_gradient_kernel(const T* hidden, const float* slopes, int64_t rows, int width, float* dpositive,
                          float* dnegative, float* dbias) {
  constexpr int kWarps = kBlockThreads / kWarpThreads;
  __shared__ float sums[kWarps][kWarpThreads], totals[kWarps];
  const int lane = static_cast<int>(threadIdx.x) % kWarpThreads, warp = static_cast<int>(threadIdx.x) / kWarpThreads;
  const int column = static_cast<int>(blockIdx.x) * kWarpThreads + lane;
  float sum = 0, total = 0;
  for (int64_t row = warp; row < rows; row += kWarps) {
    const float slope = slopes[row];
    total += slope;
    if (column < width) sum += slope * widened(hidden[row * width + column]);
  }
  sums[warp][lane] = sum;
  if (lane == 0) totals[warp] = total;
  __syncthreads();
  if (warp != 0) return;
  sum = total = 0;
  for (int w = 0; w < kWarps; ++w) {
    sum += sums[w][lane];
    total += totals[w];
  }
  if (column < width && dpositive != nullptr) dpositive[column] += sum;
  if (column < width && dnegative != nullptr) dnegative[column] -= sum;
  if (dbias != nullptr && blockIdx.x == 0 && lane == 0) *dbias += total;
}

}  // namespace

int training_vocabulary_loss(void* logits, int64_t rows, int64_t vocabulary, const int32_t* tokens,
                             const float* weights, float* losses, Element element, Stream stream) {
  if (rows == 0) return 0;
  return for_element(element, [&]<typename T>() {
    return for_pack<T>(vocabulary % kPack<T> == 0 && aligned(logits), [&]<int N>() {
      return ERPRM_LAUNCH((vocabulary_loss_kernel<T, N>), rows, kBlockThreads, 0, stream, static_cast<T*>(logits),
                          vocabulary, tokens, weights, losses);
    });
  });
}

int training_logit_loss(const void* hidden, int64_t rows, int width, const float* positive, const float* negative,
                        const float* bias, const float* labels, const float* weights, LogitLoss loss, float* losses,
                        float* scores, float* slopes, void* dhidden, Element element, Stream stream) {
  if (rows == 0) return 0;
  const LogitLossArguments args{positive, negative, bias, labels, weights, loss, losses, scores, slopes};
  return for_element(element, [&]<typename T>() {
    const bool packs = width % kPack<T> == 0 && aligned(hidden, positive, negative, dhidden);
    return for_pack<T>(packs, [&]<int N>() {
      return ERPRM_LAUNCH((logit_loss_kernel<T, N>), blocks_for(rows * kWarpThreads), kBlockThreads, 0, stream,
                          static_cast<const T*>(hidden), rows, width, args, static_cast<T*>(dhidden));
    });
  });
}

int training_logit_gradient(const void* hidden, const float* slopes, int64_t rows, int width, float* dpositive,
                            float* dnegative, float* dbias, Element element, Stream stream) {
  if (rows == 0) return 0;
  return for_element(element, [&]<typename T>() {
    return ERPRM_LAUNCH(logit_gradient_kernel<T>, (width + kWarpThreads - 1) / kWarpThreads, kBlockThreads, 0, stream,
                        static_cast<const T*>(hidden), slopes, rows, width, dpositive, dnegative, dbias);
  });
}

}  // namespace erprm::cuda
