// A warp's part of decode attention on tensor cores: 16 queries over keys and values in shared memory, an online
// softmax between two products, all in registers. Included by one file, decode_attention_bf16.cu.
#pragma once

#include "kernels/attention_tile.cuh"
#include "kernels/matrix_fragments.cuh"

namespace erprm::cuda {
namespace {

using T = __nv_bfloat16;

// Rows of shared memory are 16 bytes longer than a head: the eight rows that ldmatrix reads at once lie in different
// banks.
constexpr int kPad = 8;
constexpr unsigned kAllLanes = 0xFFFFFFFFu;

// The 16 queries of a warp, as this lane sees them: rows group and group + 8.
template <int kDim>
struct Queries {
  // Registers hold the queries of heads of up to 128; those of larger ones are read again for every block.
  static constexpr bool kHeld = kDim <= 128;
  uint32_t held[kHeld ? kDim / 16 : 1][4];
  const T* at[2];  // null for a query that is not there
  int first[2];
  int limit[2];

  __device__ void load(uint32_t (&to)[4], int column, int head_size) const {
    const int member = static_cast<int>(threadIdx.x) % 4;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const T* query = at[i % 2];
      to[i] = query == nullptr || column >= head_size
                  ? 0
                  : *reinterpret_cast<const uint32_t*>(query + column + 2 * member + i / 2 * 8);
    }
  }
  __device__ void fill(const AttentionTile& tile, int base, const DecodeAttention& args) {
    const int group = static_cast<int>(threadIdx.x) % 32 / 4;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int query = base + group + 8 * i;
      const bool is_there = query < tile.num_queries;
      at[i] = is_there ? static_cast<const T*>(args.queries) + tile.query_row[query] * args.ld +
                             static_cast<int64_t>(tile.query_head[query]) * args.head_size
                       : nullptr;
      first[i] = is_there ? tile.query_first[query] : 0;
      limit[i] = is_there ? tile.query_limit[query] : 0;
    }
    if constexpr (kHeld) {
#pragma unroll
      for (int k = 0; k < kDim / 16; ++k) load(held[k], 16 * k, args.head_size);
    }
  }
};

// What those queries have gathered: of the sums, this lane's share (its columns of the keys).
template <int kDim>
struct Gathered {
  float maximum[2];
  float sum[2];
  float output[kDim / 8][4];

  __device__ void clear() {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      maximum[i] = kNoScore;
      sum[i] = 0;
    }
#pragma unroll
    for (int n = 0; n < kDim / 8; ++n) {
#pragma unroll
      for (int i = 0; i < 4; ++i) output[n][i] = 0;
    }
  }
};

// The queries over kKeys keys in shared memory, the first of which is token `token` of the list.
template <int kDim, int kKeys>
__device__ void attend(const Queries<kDim>& queries, Gathered<kDim>& gathered, const T* keys, const T* values,
                       int token, int head_size) {
  constexpr int kLd = kDim + kPad;
  const int member = static_cast<int>(threadIdx.x) % 4;
  float scores[kKeys / 8][4] = {};
  [[maybe_unused]] constexpr int kUnrolled = Queries<kDim>::kHeld ? kDim / 16 : 2;
#pragma unroll kUnrolled
  for (int k = 0; k < kDim / 16; ++k) {
    uint32_t factor[4];
    if constexpr (Queries<kDim>::kHeld) {
#pragma unroll
      for (int i = 0; i < 4; ++i) factor[i] = queries.held[k][i];
    } else {
      queries.load(factor, 16 * k, head_size);
    }
#pragma unroll
    for (int n = 0; n < kKeys / 16; ++n) {
      uint32_t left[2], right[2];
      load_factors<true>(left, right, keys + 16 * n * kLd + 16 * k, kLd);
      multiply(scores[2 * n], factor, left);
      multiply(scores[2 * n + 1], factor, right);
    }
  }
  float largest[2] = {gathered.maximum[0], gathered.maximum[1]};
#pragma unroll
  for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int key = token + 8 * n + 2 * member + i % 2;
      const bool is_visible = key >= queries.first[i / 2] && key < queries.limit[i / 2];
      scores[n][i] = is_visible ? scores[n][i] * kLog2E : -CUDART_INF_F;
      largest[i / 2] = fmaxf(largest[i / 2], scores[n][i]);
    }
  }
  float decay[2];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    largest[i] = fmaxf(largest[i], __shfl_xor_sync(kAllLanes, largest[i], 1));
    largest[i] = fmaxf(largest[i], __shfl_xor_sync(kAllLanes, largest[i], 2));
    decay[i] = exp2f(gathered.maximum[i] - largest[i]);
    gathered.maximum[i] = largest[i];
    gathered.sum[i] *= decay[i];
  }
#pragma unroll
  for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      scores[n][i] = exp2f(scores[n][i] - largest[i / 2]);
      gathered.sum[i / 2] += scores[n][i];
    }
  }
#pragma unroll
  for (int n = 0; n < kDim / 8; ++n) {
#pragma unroll
    for (int i = 0; i < 4; ++i) gathered.output[n][i] *= decay[i / 2];
  }
  // The result of one product has the places of the next one's left factor.
#pragma unroll
  for (int k = 0; k < kKeys / 16; ++k) {
    const auto& low = scores[2 * k];
    const auto& high = scores[2 * k + 1];
    const uint32_t weights[4] = {pack_pair(low[0], low[1]), pack_pair(low[2], low[3]), pack_pair(high[0], high[1]),
                                 pack_pair(high[2], high[3])};
#pragma unroll
    for (int n = 0; n < kDim / 16; ++n) {
      uint32_t left[2], right[2];
      load_factors<false>(left, right, values + 16 * k * kLd + 16 * n, kLd);
      multiply(gathered.output[2 * n], weights, left);
      multiply(gathered.output[2 * n + 1], weights, right);
    }
  }
}

}  // namespace
}  // namespace erprm::cuda
