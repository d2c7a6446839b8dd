// Partial results of decode attention in f32, the exact mode: tiles of at most kOwnQueries queries, each warp those of
// every fourth number. A lane computes the scores of two keys of a block, then columns of the output.
#include "kernels/attention_tile.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {
namespace {

constexpr int kWarpQueries = kOwnQueries / kAttentionWarps;
// Rows of shared memory are 16 bytes longer than a head: lanes that read 16 bytes of neighbouring rows meet no bank
// twice.
constexpr int kPad = 4;

template <int kDim>
__device__ float dot(const float* query, const float* key) {
  float sum = 0;
#pragma unroll 8
  for (int d = 0; d < kDim; d += 4) {
    const float4 a = *reinterpret_cast<const float4*>(query + d), b = *reinterpret_cast<const float4*>(key + d);
    sum += a.x * b.x;
    sum += a.y * b.y;
    sum += a.z * b.z;
    sum += a.w * b.w;
  }
  return sum;
}

template <int kDim>
struct Memory {
  float keys[kKvTokens][kDim + kPad];
  float values[kKvTokens][kDim + kPad];
  float queries[kOwnQueries][kDim];
  float weights[kAttentionWarps][kKvTokens];
};

template <int kDim>
__global__ void __launch_bounds__(kAttentionThreads, 1)
    attention_f32_kernel(DecodeAttention args, DecodeRows rows, AttentionPlan plan) {
  constexpr int kColumns = kDim / 32;  // of the output, of a lane
  ERPRM_DYNAMIC_SHARED(Memory<kDim>, memory);
  __shared__ AttentionTile tile;
  const int t = static_cast<int>(threadIdx.x), warp = t / 32, lane = t % 32;
  for (unsigned number = blockIdx.x; number < num_tiles(args, plan); number += gridDim.x) {
    fill_tile(tile, number, args, rows, plan);
    for (int i = t; i < tile.num_queries * kDim; i += kAttentionThreads) {
      const int query = i / kDim, column = i % kDim;
      const float* from = static_cast<const float*>(args.queries) + tile.query_row[query] * args.ld +
                          static_cast<int64_t>(tile.query_head[query]) * args.head_size;
      memory->queries[query][column] = column < args.head_size ? from[column] : 0.0f;
    }
    float maximum[kWarpQueries], sum[kWarpQueries], output[kWarpQueries][kColumns];
#pragma unroll
    for (int i = 0; i < kWarpQueries; ++i) {
      maximum[i] = kNoScore;
      sum[i] = 0;
#pragma unroll
      for (int c = 0; c < kColumns; ++c) output[i][c] = 0;
    }
    for (int block = tile.begin_block(); block < tile.end_block(); ++block) {
      const int start = tile.range_begin + block * kKvTokens, count = min(tile.limit - start, kKvTokens);
      const float* keys = reinterpret_cast<const float*>(tile.blocks[block]) +
                          static_cast<int64_t>(tile.kv_head) * kKvTokens * args.head_size;
      const float* values = keys + static_cast<int64_t>(args.num_kv_heads) * kKvTokens * args.head_size;
      __syncthreads();  // the block before is done with
      start_copy_of_block<float, kDim>(memory->keys[0], kDim + kPad, keys, count, args.head_size);
      start_copy_of_block<float, kDim>(memory->values[0], kDim + kPad, values, count, args.head_size);
      __pipeline_commit();
      __pipeline_wait_prior(0);
      __syncthreads();
#pragma unroll
      for (int i = 0; i < kWarpQueries; ++i) {
        const int query = warp + i * kAttentionWarps;
        if (query >= tile.num_queries) continue;
        float scores[2];
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int key = lane + 32 * half, token = start + key;
          const bool is_visible = token >= tile.query_first[query] && token < tile.query_limit[query];
          scores[half] = is_visible ? dot<kDim>(memory->queries[query], memory->keys[key]) * kLog2E : -CUDART_INF_F;
        }
        const float largest = fmaxf(maximum[i], warp_max(fmaxf(scores[0], scores[1])));
        const float decay = exp2f(maximum[i] - largest);
        maximum[i] = largest;
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          scores[half] = exp2f(scores[half] - largest);
          memory->weights[warp][lane + 32 * half] = scores[half];
        }
        sum[i] = sum[i] * decay + warp_sum(scores[0] + scores[1]);
        __syncwarp();
#pragma unroll
        for (int c = 0; c < kColumns; ++c) output[i][c] *= decay;
#pragma unroll 8
        for (int key = 0; key < kKvTokens; ++key) {
          const float weight = memory->weights[warp][key];
#pragma unroll
          for (int c = 0; c < kColumns; ++c) output[i][c] += weight * memory->values[key][lane + 32 * c];
        }
        __syncwarp();
      }
    }
#pragma unroll
    for (int i = 0; i < kWarpQueries; ++i) {
      const int query = warp + i * kAttentionWarps;
      if (query >= tile.num_queries || tile.result[query] < 0) continue;
      const int64_t result = tile.result[query];
      if (lane == 0) {
        args.partial_states[2 * result] = maximum[i];
        args.partial_states[2 * result + 1] = sum[i];
      }
#pragma unroll
      for (int c = 0; c < kColumns; ++c) {
        const int column = lane + 32 * c;
        if (column < args.head_size) args.partial_outputs[result * args.head_size + column] = output[i][c];
      }
    }
  }
}

}  // namespace

int partial_attention_f32(const DecodeAttention& args, const DecodeRows& rows, const AttentionPlan& plan,
                          Stream stream) {
  return for_head_size(args.head_size, [&]<int kDim>() {
    return launch_persistent(attention_f32_kernel<kDim>, sizeof(Memory<kDim>), args, rows, plan, stream);
  });
}

}  // namespace erprm::cuda
