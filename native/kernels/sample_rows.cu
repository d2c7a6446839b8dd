// One block a row: the peak, the weights' sum by chunks, truncation where it is asked for, and the inverse of the
// cumulative distribution. Eight lanes sum a chunk as the eight lanes of a vector do on the CPU (sampling_simd.cc), and
// one thread goes through the sums of the chunks, then through the tokens of one chunk.
#include <algorithm>
#include <cfloat>

#include "kernels/cuda_device.h"
#include "kernels/cuda_sampling.h"
#include "kernels/sampling_truncation.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {
namespace {

constexpr int kLanes = 8;  // that sum a chunk together
constexpr int kMostThreads = 512;

struct Peak {
  float logit;
  int token;  // the lowest of those with that logit
  bool finite;
};

__device__ Peak larger(Peak a, Peak b) {
  const bool takes_b = b.logit > a.logit || (b.logit == a.logit && b.token < a.token);
  return {takes_b ? b.logit : a.logit, takes_b ? b.token : a.token, a.finite && b.finite};
}

__device__ Peak warp_peak(Peak peak) {
#pragma unroll
  for (int distance = kWarpThreads / 2; distance > 0; distance /= 2) {
    const Peak other{__shfl_xor_sync(kAllLanes, peak.logit, distance), __shfl_xor_sync(kAllLanes, peak.token, distance),
                     __shfl_xor_sync(kAllLanes, static_cast<int>(peak.finite), distance) != 0};
    peak = larger(peak, other);
  }
  return peak;
}

__device__ Peak find_peak(const float* logits, int vocabulary) {
  __shared__ Peak warps[kMostThreads / kWarpThreads];
  const int t = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x), lane = t % kWarpThreads;
  Peak peak{-FLT_MAX, INT_MAX, true};
#pragma unroll 8
  for (int token = t; token < vocabulary; token += threads) {
    const float logit = logits[token];
    peak.finite = peak.finite && fabsf(logit) <= FLT_MAX;
    peak = larger(peak, {logit, token, true});
  }
  peak = warp_peak(peak);
  if (lane == 0) warps[t / kWarpThreads] = peak;
  __syncthreads();
  return warp_peak(lane < threads / kWarpThreads ? warps[lane] : Peak{-FLT_MAX, INT_MAX, true});
}

// sums[chunk] of the kept weights.
__device__ void sum_chunks(const Weights& weights, float* sums) {
  const int t = static_cast<int>(threadIdx.x), lane = t % kLanes, groups = static_cast<int>(blockDim.x) / kLanes;
  const int num_chunks = (weights.vocabulary + kChunk - 1) / kChunk;
  for (int start = 0; start < num_chunks; start += groups) {
    const int chunk = start + t / kLanes, begin = chunk * kChunk;
    float sum = 0;
    if (chunk < num_chunks) {
#pragma unroll 8
      for (int i = lane; i < kChunk; i += kLanes) sum += weights.kept(begin + i);
    }
    sum += __shfl_xor_sync(kAllLanes, sum, 4);
    sum += __shfl_xor_sync(kAllLanes, sum, 2);
    sum += __shfl_xor_sync(kAllLanes, sum, 1);
    if (lane == 0 && chunk < num_chunks) sums[chunk] = sum;
  }
  __syncthreads();
}

__device__ double total_of(const float* sums, int num_chunks) {
  double total = 0;
  for (int chunk = 0; chunk < num_chunks; ++chunk) total += sums[chunk];
  return total;
}

// A chunk in which the drawn token lies, and the part of the mass that lies before the token in it. `rest` of infinity:
// the last token that is kept.
struct Place {
  int chunk;
  double rest;
};

__device__ Place find_chunk(const float* sums, int num_chunks, double uniform) {
  double rest = uniform * total_of(sums, num_chunks);
  int last = 0;
  for (int chunk = 0; chunk < num_chunks; ++chunk) {
    const double sum = sums[chunk];
    if (sum == 0) continue;
    if (rest < sum) return {chunk, rest};
    rest -= sum;
    last = chunk;
  }
  return {last, CUDART_INF_F};
}

// weights [kChunk] of the chunk.
__device__ int find_in_chunk(const float* weights, double rest) {
  int last = 0;
  for (int i = 0; i < kChunk; ++i) {
    if (weights[i] == 0) continue;
    last = i;
    rest -= weights[i];
    if (rest < 0) return i;
  }
  return last;  // the chunk's sum and the sum taken one by one differ in the last bits
}

__device__ float log_share(float logit, float peak, float inverse_temperature, double total) {
  return static_cast<float>(static_cast<double>(__fsub_rn(logit, peak)) * inverse_temperature - log(total));
}

// One thread: what cuda_sampling.h says of a row that draws.
__device__ void move_on(const DecodeRows& rows, int row, SampledToken sampled) {
  const DecodeRow& fixed = rows.rows[row];
  const int length = rows.own_lengths[row], num_drawn = rows.num_drawn[row];
  const int64_t at = static_cast<int64_t>(row) * rows.capacity + num_drawn;
  rows.drawn_tokens[at] = sampled.token;
  rows.drawn_log_probabilities[at] = sampled.log_probability;
  rows.num_drawn[row] = num_drawn + 1;
  rows.kv_rows[row] = nullptr;
  if (sampled.token < 0) {
    rows.ends[row] = kRowNotFinite;
    return;
  }
  rows.tokens[row] = sampled.token;
  rows.own_lengths[row] = length + 1;
  rows.positions[row] = fixed.trunk_limit + length;
  const int left = rows.tokens_left[row] - 1;
  rows.tokens_left[row] = left;
  int32_t end = left > 0 ? kRowRuns : kRowLength;
  for (int i = 0; i < fixed.num_stops; ++i) {
    if (rows.stop_tokens[fixed.stop_list + i] == sampled.token) end = kRowStop;
  }
  rows.ends[row] = end;
  if (end != kRowRuns || num_drawn + 1 >= rows.capacity) return;
  const auto* block = static_cast<const unsigned char*>(rows.blocks[fixed.own_list + length / kKvTokens]);
  rows.kv_rows[row] = const_cast<unsigned char*>(block) + static_cast<int64_t>(length % kKvTokens) * rows.token_bytes;
}

__global__ void __launch_bounds__(kMostThreads, 2)
    sample_kernel(const float* logits, int64_t ld, const int32_t* logit_rows, int vocabulary, DecodeRows rows) {
  ERPRM_DYNAMIC_SHARED(float, sums);  // [chunks]; also the counts of truncation
  __shared__ TruncationMemory truncation;
  __shared__ float chunk_weights[kChunk];
  __shared__ Place place;
  const int row = static_cast<int>(blockIdx.x), t = static_cast<int>(threadIdx.x);
  if (rows.ends[row] != kRowRuns || rows.num_drawn[row] >= rows.capacity) return;
  const float* own = logits + (logit_rows == nullptr ? row : logit_rows[row]) * ld;
  const Peak peak = find_peak(own, vocabulary);
  __syncthreads();  // all have read the row's state, which thread 0 changes
  if (!peak.finite) {
    if (t == 0) move_on(rows, row, {-1, 0.0f});
    return;
  }
  const SamplingOptions options = rows.rows[row].sampling;
  const bool greedy = options.temperature == 0.0f;
  // Of a temperature so small that the quotient overflows, the largest float.
  const float inverse_temperature = greedy ? 1.0f : fminf(__fdiv_rn(1.0f, options.temperature), FLT_MAX);
  const int num_chunks = (vocabulary + kChunk - 1) / kChunk;
  Weights weights{own, vocabulary, peak.logit, inverse_temperature};
  sum_chunks(weights, sums);
  double total = 0;
  if (t == 0) total = total_of(sums, num_chunks);
  if (greedy) {
    if (t == 0) move_on(rows, row, {peak.token, log_share(peak.logit, peak.logit, 1.0f, total)});
    return;
  }
  if (options.top_k > 0 || options.top_p < 1.0f || options.min_p > 0.0f) {
    __syncthreads();
    truncate(weights, options, truncation, reinterpret_cast<int*>(sums));
    __syncthreads();
    sum_chunks(weights, sums);
  }
  if (t == 0) {
    DrawCoordinates draw = rows.rows[row].draw;
    draw.position = static_cast<uint32_t>(rows.own_lengths[row]);
    place = find_chunk(sums, num_chunks, uniform(draw));
  }
  __syncthreads();
  for (int i = t; i < kChunk; i += static_cast<int>(blockDim.x)) {
    chunk_weights[i] = weights.kept(place.chunk * kChunk + i);
  }
  __syncthreads();
  if (t != 0) return;
  const int token = place.chunk * kChunk + find_in_chunk(chunk_weights, place.rest);
  move_on(rows, row, {token, log_share(own[token], peak.logit, inverse_temperature, total)});
}

}  // namespace

int sample_rows(const float* logits, int64_t ld, const int32_t* logit_rows, int vocabulary, const DecodeRows& rows,
                Stream stream) {
  if (vocabulary < 1 || ld < vocabulary) return static_cast<int>(cudaErrorInvalidValue);
  if (rows.num_rows == 0) return 0;
  const int num_chunks = (vocabulary + kChunk - 1) / kChunk;
  const int threads = std::min((num_chunks * kLanes + kWarpThreads - 1) / kWarpThreads * kWarpThreads, kMostThreads);
  return ERPRM_LAUNCH(sample_kernel, rows.num_rows, threads, num_chunks * sizeof(float), stream, logits, ld, logit_rows,
                      vocabulary, rows);
}

}  // namespace erprm::cuda
