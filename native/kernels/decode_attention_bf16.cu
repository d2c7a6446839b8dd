// Partial results of decode attention on tensor cores.
//
// Blocks of kKvTokens keys and values are copied to shared memory by the whole block of threads, one block ahead of the
// computation. Over a trunk each warp takes 16 of the tile's queries and all keys; over a row's own tokens, where there
// are at most 16 queries, each warp takes 16 keys of every block and the warps' results are merged at the end. A
// query's numbers are the same in whatever tile it stands.
#include "kernels/attention_tile.cuh"
#include "kernels/attention_warp.cuh"

namespace erprm::cuda {
namespace {

// Writes the warp's queries: their tile's from `base` on.
template <int kDim>
__device__ void write_result(const Gathered<kDim>& gathered, const AttentionTile& tile, int base,
                             const DecodeAttention& args) {
  const int group = static_cast<int>(threadIdx.x) % 32 / 4, member = static_cast<int>(threadIdx.x) % 4;
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int query = base + group + 8 * i;
    if (query >= tile.num_queries || tile.result[query] < 0) continue;
    const int64_t result = tile.result[query];
    if (member == 0) {
      args.partial_states[2 * result] = gathered.maximum[i];
      args.partial_states[2 * result + 1] = gathered.sum[i];
    }
    float* output = args.partial_outputs + result * args.head_size;
#pragma unroll
    for (int n = 0; n < kDim / 8; ++n) {
      if (8 * n >= args.head_size) continue;
      *reinterpret_cast<float2*>(output + 8 * n + 2 * member) =
          make_float2(gathered.output[n][2 * i], gathered.output[n][2 * i + 1]);
    }
  }
}

// The same queries' results of all warps, merged in the order of the warps.
//   outputs f32 [warps, kOwnQueries, kDim], shared memory
template <int kDim>
__device__ void write_merged(const Gathered<kDim>& gathered, float* outputs, const AttentionTile& tile,
                             const DecodeAttention& args) {
  __shared__ float maxima[kAttentionWarps][kOwnQueries], sums[kAttentionWarps][kOwnQueries];
  __shared__ float shares[kAttentionWarps][kOwnQueries];
  const int t = static_cast<int>(threadIdx.x), warp = t / 32, group = t % 32 / 4, member = t % 4;
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int query = group + 8 * i;
    if (member == 0) {
      maxima[warp][query] = gathered.maximum[i];
      sums[warp][query] = gathered.sum[i];
    }
    float* output = outputs + (warp * kOwnQueries + query) * kDim;
#pragma unroll
    for (int n = 0; n < kDim / 8; ++n) {
      *reinterpret_cast<float2*>(output + 8 * n + 2 * member) =
          make_float2(gathered.output[n][2 * i], gathered.output[n][2 * i + 1]);
    }
  }
  __syncthreads();
  if (t < tile.num_queries) {
    float maximum = kNoScore, sum = 0;
#pragma unroll
    for (int w = 0; w < kAttentionWarps; ++w) maximum = fmaxf(maximum, maxima[w][t]);
#pragma unroll
    for (int w = 0; w < kAttentionWarps; ++w) {
      shares[w][t] = exp2f(maxima[w][t] - maximum);
      sum += shares[w][t] * sums[w][t];
    }
    if (tile.result[t] >= 0) {
      args.partial_states[2 * tile.result[t]] = maximum;
      args.partial_states[2 * tile.result[t] + 1] = sum;
    }
  }
  __syncthreads();
  for (int i = t; i < tile.num_queries * args.head_size; i += kAttentionThreads) {
    const int query = i / args.head_size, column = i % args.head_size;
    if (tile.result[query] < 0) continue;
    float sum = 0;
#pragma unroll
    for (int w = 0; w < kAttentionWarps; ++w) {
      sum += shares[w][query] * outputs[(w * kOwnQueries + query) * kDim + column];
    }
    args.partial_outputs[tile.result[query] * args.head_size + column] = sum;
  }
}

template <int kDim>
constexpr int kBlockNumbers = kKvTokens*(kDim + kPad);  // of one block's keys, or values, in shared memory

// Starts copying a block of the tile's range to keys and values, one after the other.
template <int kDim>
__device__ void start_copy(T* stage, const AttentionTile& tile, int block, const DecodeAttention& args) {
  const int64_t head_numbers = static_cast<int64_t>(kKvTokens) * args.head_size;
  const T* keys = reinterpret_cast<const T*>(tile.blocks[block]) + tile.kv_head * head_numbers;
  const int count = min(tile.limit - tile.range_begin - block * kKvTokens, kKvTokens);
  start_copy_of_block<T, kDim>(stage, kDim + kPad, keys, count, args.head_size);
  start_copy_of_block<T, kDim>(stage + kBlockNumbers<kDim>, kDim + kPad, keys + args.num_kv_heads * head_numbers, count,
                               args.head_size);
}

// While a block is computed the next one is copied: of this tile, or the first one of the tile after it, whose queries
// and limits were looked up before. So the tensor cores do not wait for memory between tiles either.
template <int kDim>
__global__ void __launch_bounds__(kAttentionThreads, kDim <= 128 ? 3 : 1)
    attention_bf16_kernel(DecodeAttention args, DecodeRows rows, AttentionPlan plan) {
  constexpr int kLd = kDim + kPad, kNumbers = kBlockNumbers<kDim>;
  static_assert(2 * kNumbers * sizeof(T) >= kAttentionWarps * kOwnQueries * kDim * sizeof(float));
  ERPRM_DYNAMIC_SHARED(T, memory);  // two stages of keys and values
  __shared__ AttentionTile tiles[2];
  const int warp = static_cast<int>(threadIdx.x) / 32;
  int stage = 0;  // where the tile's first block comes to
  int current = 0;
  const auto start_first = [&](const AttentionTile& tile) {
    if (tile.begin_block() < tile.end_block())
      start_copy<kDim>(memory + stage * 2 * kNumbers, tile, tile.begin_block(), args);
    __pipeline_commit();
  };
  if (blockIdx.x < num_tiles(args, plan)) {
    fill_tile(tiles[0], blockIdx.x, args, rows, plan);
    start_first(tiles[0]);
  }
  for (unsigned number = blockIdx.x; number < num_tiles(args, plan); number += gridDim.x) {
    const AttentionTile &tile = tiles[current], &next = tiles[1 - current];
    const int base = tile.is_own ? 0 : 16 * warp;
    Queries<kDim> queries;
    queries.fill(tile, base, args);
    const bool has_next = number + gridDim.x < num_tiles(args, plan);
    // In both ways all threads wait here: the last tile's results lay where this one's second block may come to.
    if (has_next) {
      fill_tile(tiles[1 - current], number + gridDim.x, args, rows, plan);
    } else {
      __syncthreads();
    }
    Gathered<kDim> gathered;
    gathered.clear();
    const int end = tile.end_block();
    for (int block = tile.begin_block(); block < end; ++block) {
      const T* keys = memory + stage * 2 * kNumbers;
      const T* values = keys + kNumbers;
      stage = 1 - stage;
      if (block + 1 < end) {
        start_copy<kDim>(memory + stage * 2 * kNumbers, tile, block + 1, args);
        __pipeline_commit();
      } else if (has_next) {
        start_first(next);
      } else {
        __pipeline_commit();
      }
      __pipeline_wait_prior(1);
      __syncthreads();
      const int token = tile.range_begin + block * kKvTokens;
      if (tile.is_own) {
        attend<kDim, 16>(queries, gathered, keys + 16 * warp * kLd, values + 16 * warp * kLd, token + 16 * warp,
                         args.head_size);
      } else if (base < tile.num_queries) {
        constexpr int kKeys = kDim <= 64    ? kKvTokens
                              : kDim <= 128 ? 32
                                            : 16;  // as many scores as registers are left for
#pragma unroll 1
        for (int k = 0; k < kKvTokens; k += kKeys) {
          attend<kDim, kKeys>(queries, gathered, keys + k * kLd, values + k * kLd, token + k, args.head_size);
        }
      }
      __syncthreads();
    }
    if (tile.begin_block() == end && has_next) start_first(next);  // nothing to see here
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      gathered.sum[i] += __shfl_xor_sync(kAllLanes, gathered.sum[i], 1);
      gathered.sum[i] += __shfl_xor_sync(kAllLanes, gathered.sum[i], 2);
    }
    if (tile.is_own) {
      // The stage that the next tile's first block does not come to.
      write_merged(gathered, reinterpret_cast<float*>(memory + (1 - stage) * 2 * kNumbers), tile, args);
    } else if (base < tile.num_queries) {
      write_result(gathered, tile, base, args);
    }
    current = 1 - current;
  }
  __pipeline_wait_prior(0);
}

}  // namespace

int partial_attention_bf16(const DecodeAttention& args, const DecodeRows& rows, const AttentionPlan& plan,
                           Stream stream) {
  return for_head_size(args.head_size, [&]<int kDim>() {
    return launch_persistent(attention_bf16_kernel<kDim>, sizeof(T) * 4 * kBlockNumbers<kDim>, args, rows, plan,
                             stream);
  });
}

}  // namespace erprm::cuda
