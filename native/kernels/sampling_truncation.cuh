// truncate: top-k, top-p and min-p (truncate_weights.h) by a block of threads, without sorting. All three keep the
// largest weights, so each is a threshold, found byte by byte from the top: a histogram of the next byte of the weights
// that agree with the threshold so far says in which bin the wanted count, or share of the mass, is reached.
//
// Masses are integers, in units of 2^-44 (weights are at most 1): their sums do not depend on the order in which
// threads add, and are exact for weights above 2^-20. In shared memory they are two halves: of numbers of 64 bits,
// cards add only by trying again until nobody else has added in between.
#pragma once

#include "kernels/kernel_table.h"
#include "kernels/sampling_weights.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {

constexpr int kChunk = 512;  // tokens whose weights are added up together, as on the CPU
using Mass = unsigned long long;

// Lies in shared memory, with an int for each chunk of the vocabulary behind it.
struct TruncationMemory {
  unsigned low[256], high[256];  // the histogram
  Mass above;                    // of the weights greater than the threshold so far
  Mass at;                       // of those that equal it
  uint32_t prefix;               // the threshold's bytes so far
  int last_tie;
  unsigned char is_tie[kChunk];

  __device__ Mass bin(int index) const { return static_cast<Mass>(high[index]) << 32 | low[index]; }
  // Any number of threads at a time.
  __device__ void add(int index, Mass amount) {
    const unsigned part = static_cast<unsigned>(amount), before = atomicAdd(&low[index], part);
    const unsigned carry = part + before < part ? 1 : 0;
    const unsigned rest = static_cast<unsigned>(amount >> 32) + carry;
    if (rest != 0) atomicAdd(&high[index], rest);
  }
};

__device__ inline Mass mass_of(uint32_t weight) {
  return static_cast<Mass>(static_cast<double>(__uint_as_float(weight)) * 0x1p44 + 0.5);
}

// The greatest threshold such that the kept weights of at least it amount to `goal` (1 <= goal <= all of them
// together): memory.prefix, .above and .at. Weights below `least` are left out; `amount` is what one counts for.
template <typename Amount>
__device__ void find_threshold(const Weights& weights, Mass goal, uint32_t least, const Amount& amount,
                               TruncationMemory& memory) {
  const int t = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  if (t == 0) {
    memory.prefix = 0;
    memory.above = 0;
  }
  for (int shift = 24; shift >= 0; shift -= 8) {
    for (int bin = t; bin < 256; bin += threads) memory.low[bin] = memory.high[bin] = 0;
    __syncthreads();
    const uint32_t prefix = memory.prefix;
    for (int token = t; token < weights.vocabulary; token += threads) {
      const uint32_t weight = weights.bits(token);
      if (weight < least || (shift < 24 && weight >> (shift + 8) != prefix)) continue;
      if (weights.keeps(token, weight)) memory.add(static_cast<int>(weight >> shift & 255), amount(weight));
    }
    __syncthreads();
    if (t < 32) {  // one warp: 8 bins a lane, the highest first
      Mass own = 0;
      for (int i = 0; i < 8; ++i) own += memory.bin(255 - 8 * t - i);
      Mass up_to = own;
      for (int distance = 1; distance < 32; distance *= 2) {
        const Mass more = __shfl_up_sync(kAllLanes, up_to, distance);
        if (t >= distance) up_to += more;
      }
      const Mass above = memory.above;
      Mass before = above + up_to - own;
      __syncwarp();
      if (before < goal && above + up_to >= goal) {
        int bin = 255 - 8 * t;
        while (before + memory.bin(bin) < goal) before += memory.bin(bin--);
        memory.above = before;
        memory.at = memory.bin(bin);
        memory.prefix = prefix << 8 | static_cast<uint32_t>(bin);
      }
    }
    __syncthreads();
  }
}

// The token that is the `count`-th of those whose weight equals `threshold`.
__device__ inline int find_tie(const Weights& weights, uint32_t threshold, Mass count, TruncationMemory& memory,
                               int* counts) {
  const int t = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  const int num_chunks = (weights.vocabulary + kChunk - 1) / kChunk;
  for (int chunk = t; chunk < num_chunks; chunk += threads) counts[chunk] = 0;
  __syncthreads();
  for (int token = t; token < weights.vocabulary; token += threads) {
    if (weights.bits(token) == threshold) atomicAdd(&counts[token / kChunk], 1);
  }
  __syncthreads();
  int chunk = 0, rest = static_cast<int>(count);
  while (rest > counts[chunk]) rest -= counts[chunk++];
  for (int i = t; i < kChunk; i += threads) {
    const int token = chunk * kChunk + i;
    memory.is_tie[i] = token < weights.vocabulary && weights.bits(token) == threshold;
  }
  __syncthreads();
  if (t == 0) {
    int i = 0;
    while ((rest -= memory.is_tie[i]) > 0) ++i;
    memory.last_tie = chunk * kChunk + i;
  }
  __syncthreads();
  return memory.last_tie;
}

// Keeps what amounts to `goal`: all above the threshold found, and as many ties as it takes.
__device__ inline void keep(Weights& weights, Mass goal, Mass each, TruncationMemory& memory, int* counts) {
  const Mass above = memory.above, at = memory.at;
  const uint32_t threshold = memory.prefix;
  const Mass ties = (goal - above + each - 1) / each;
  // Of ties that an earlier truncation has left, only the first are there.
  const int last_tie = ties < at / each                 ? find_tie(weights, threshold, ties, memory, counts)
                       : threshold == weights.threshold ? weights.last_tie
                                                        : INT_MAX;
  __syncthreads();
  weights.threshold = threshold;
  weights.last_tie = last_tie;
}

__device__ inline Mass kept_mass(const Weights& weights) {
  Mass own = 0;
  for (int token = static_cast<int>(threadIdx.x); token < weights.vocabulary; token += static_cast<int>(blockDim.x)) {
    const uint32_t weight = weights.bits(token);
    if (weights.keeps(token, weight)) own += mass_of(weight);
  }
  return block_sum(own);
}

// counts: [chunks of the vocabulary]. All threads of the block, which get the same result.
__device__ inline void truncate(Weights& weights, const SamplingOptions& options, TruncationMemory& memory,
                                int* counts) {
  if (options.top_k > 0 && options.top_k < weights.vocabulary) {
    const Mass goal = static_cast<Mass>(options.top_k);
    find_threshold(
        weights, goal, 0, [](uint32_t) { return Mass{1}; }, memory);
    keep(weights, goal, 1, memory, counts);
  }
  if (options.top_p < 1.0f) {
    const double top_p = options.top_p > 0.0f ? options.top_p : 0.0f;
    const Mass mass = kept_mass(weights);
    const double wanted = ceil(top_p * static_cast<double>(mass));
    // The largest weight is kept whatever top_p is.
    const Mass goal = wanted < 1.0 ? 1 : min(static_cast<Mass>(wanted), mass);
    // Weights below this one together are less than the mass that may be cut, also when each is rounded up to a whole
    // unit, so they are never needed.
    const double cut = (1.0 - top_p) * static_cast<double>(mass) - weights.vocabulary;
    const double negligible = fmax(cut, 0.0) * 0x1p-44 / weights.vocabulary;
    const uint32_t least = negligible < 1.0 ? __float_as_uint(static_cast<float>(negligible)) : 0;
    find_threshold(weights, goal, least == 0 ? 0 : least - 1, mass_of, memory);
    keep(weights, goal, mass_of(memory.prefix), memory, counts);
  }
  const uint32_t least = options.min_p > 0.0f ? __float_as_uint(options.min_p) : 0;
  if (least > weights.threshold) {
    weights.threshold = least - 1;
    weights.last_tie = -1;
  }
}

}  // namespace erprm::cuda
