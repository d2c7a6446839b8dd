// What the kernels of decode attention share: the tile of an item with what each of its queries may see, and where its
// partial results go. One item is one block's work for one kv head.
#pragma once

#include <climits>
#include <cstdint>

#include "kernels/cuda_attention.h"
#include "kernels/cuda_device.h"

namespace erprm::cuda {

constexpr int kAttentionThreads = 128;
constexpr int kAttentionWarps = kAttentionThreads / 32;
constexpr int kBlocksOfRange = kSplitTokens / kKvTokens;
// The running maximum before any key was seen: below every score, yet finite, so that differences stay finite.
constexpr float kNoScore = -1e30f;
constexpr float kLog2E = 1.44269504088896341f;

// Rows that take no part in this iteration: the host reads nothing of what is computed for them.
__device__ inline bool is_skipped(const DecodeRows& rows, int row) {
  return rows.ends[row] != kRowRuns || rows.num_drawn[row] >= rows.capacity;
}

__device__ inline int num_ranges(int tokens) { return (tokens + kSplitTokens - 1) / kSplitTokens; }

// Lies in shared memory.
struct AttentionTile {
  int num_queries;
  int kv_head;
  bool is_own;      // of a row's own tokens, not of a trunk
  int range_begin;  // the range's first token
  // Of each query: which it is, and the tokens [first, limit) of the list that it sees; limit 0 for skipped rows.
  int query_row[kTrunkQueries];
  int query_head[kTrunkQueries];
  int query_first[kTrunkQueries];
  int query_limit[kTrunkQueries];
  int64_t result[kTrunkQueries];  // where its partial result goes, or -1
  // Tokens that some query sees: of the item's range, [first, limit).
  int first;
  int limit;
  const unsigned char* blocks[kBlocksOfRange];  // handles of the range's blocks that hold such tokens

  // Those blocks are [begin_block, end_block) of the range.
  __device__ int begin_block() const { return first < limit ? (first - range_begin) / kKvTokens : 0; }
  __device__ int end_block() const { return first < limit ? (limit - 1 - range_begin) / kKvTokens + 1 : 0; }
};

// Items for each kv head: what the blocks of a launch share among them.
__device__ inline unsigned num_tiles(const DecodeAttention& args, const AttentionPlan& plan) {
  return static_cast<unsigned>(*plan.num_items) * static_cast<unsigned>(args.num_kv_heads);
}

// Fills the tile with number `number`; called by all threads of the block, which may read it afterwards.
__device__ inline void fill_tile(AttentionTile& tile, unsigned number, const DecodeAttention& args,
                                 const DecodeRows& rows, const AttentionPlan& plan) {
  const AttentionItem item = plan.items[number / static_cast<unsigned>(args.num_kv_heads)];
  const int kv_head = static_cast<int>(number % static_cast<unsigned>(args.num_kv_heads));
  const int t = static_cast<int>(threadIdx.x), share = args.num_heads / args.num_kv_heads;
  const bool is_own = item.range < 0;
  const int range = is_own ? ~item.range : item.range, begin = range * kSplitTokens;
  __syncthreads();  // what the tile held is done with
  if (t == 0) {
    tile.num_queries = item.num_queries;
    tile.kv_head = kv_head;
    tile.is_own = is_own;
    tile.range_begin = begin;
    tile.first = INT_MAX;
    tile.limit = 0;
  }
  __syncthreads();
  if (t < item.num_queries) {
    const int query = item.query_begin + t, row = plan.order[item.first + query / share];
    const DecodeRow& fixed = rows.rows[row];
    const bool skipped = is_skipped(rows, row);
    int first = args.window > 0 ? max(0, rows.positions[row] - args.window + 1) : 0;
    if (is_own) first = max(0, first - fixed.trunk_limit);
    const int length = is_own ? rows.own_lengths[row] : fixed.trunk_limit;
    const int head = kv_head * share + query % share;
    first = max(first, begin);
    const int limit = skipped ? 0 : min(length, begin + kSplitTokens);
    tile.query_row[t] = row;
    tile.query_head[t] = head;
    tile.query_first[t] = first;
    tile.query_limit[t] = limit;
    const int64_t result = fixed.first_result + (is_own ? num_ranges(fixed.trunk_limit) : 0) + range;
    tile.result[t] = skipped || length <= begin ? -1 : result * args.num_heads + head;
    if (first < limit) {
      atomicMin(&tile.first, first);
      atomicMax(&tile.limit, limit);
    }
  }
  __syncthreads();
  if (t < kBlocksOfRange && begin + t * kKvTokens < tile.limit) {
    const DecodeRow& fixed = rows.rows[tile.query_row[0]];
    const int list = (is_own ? fixed.own_list : fixed.trunk_list) + range * kBlocksOfRange;
    tile.blocks[t] = static_cast<const unsigned char*>(rows.blocks[list + t]) + args.layer_bytes;
  }
  __syncthreads();
}

// Starts copying keys or values of `count` tokens, `columns` numbers each, to shared memory, where tokens are `ld`
// numbers apart; up to kKvTokens tokens of kDim numbers what is not there becomes zeros.
template <typename T, int kDim>
__device__ void start_copy_of_block(T* to, int ld, const T* from, int count, int columns) {
  constexpr int kEach = 16 / static_cast<int>(sizeof(T)), kPieces = kDim / kEach;
  for (int piece = static_cast<int>(threadIdx.x); piece < kKvTokens * kPieces; piece += kAttentionThreads) {
    const int token = piece / kPieces, column = piece % kPieces * kEach;
    // What is not copied is not read either.
    const bool is_there = token < count && column < columns;
    __pipeline_memcpy_async(to + token * ld + column, from + (is_there ? token * columns + column : 0), 16,
                            is_there ? 0 : 16);
  }
}

// Partial results of one element type, queued with a grid that fills the device. decode_attention_bf16.cu, _f32.cu
int partial_attention_bf16(const DecodeAttention& args, const DecodeRows& rows, const AttentionPlan& plan,
                           Stream stream);
int partial_attention_f32(const DecodeAttention& args, const DecodeRows& rows, const AttentionPlan& plan,
                          Stream stream);

// Queues `kernel` with as many blocks as the device runs at once. As much of the cache as may be is shared memory: with
// the split that the driver picks, fewer of them may run at once than are launched.
template <typename Kernel>
int launch_persistent(Kernel* kernel, size_t shared_bytes, const DecodeAttention& args, const DecodeRows& rows,
                      const AttentionPlan& plan, Stream stream) {
  int status = static_cast<int>(
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes)));
  if (status == 0) {
    status = static_cast<int>(
        cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout, cudaSharedmemCarveoutMaxShared));
  }
  int device = 0, multiprocessors = 0, resident = 0;
  if (status == 0) status = static_cast<int>(cudaGetDevice(&device));
  if (status == 0) {
    status = static_cast<int>(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device));
  }
  if (status == 0) {
    status = static_cast<int>(
        cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, kernel, kAttentionThreads, shared_bytes));
  }
  if (status != 0) return status;
  return ERPRM_LAUNCH(kernel, multiprocessors * resident, kAttentionThreads, shared_bytes, stream, args, rows, plan);
}

// Calls body.template operator()<kDim>() for the smallest head size that the kernels are compiled for and that holds
// `head_size`, a multiple of 16 of at most 256.
template <typename Body>
int for_head_size(int head_size, const Body& body) {
  if (head_size <= 32) return body.template operator()<32>();
  if (head_size <= 64) return body.template operator()<64>();
  if (head_size <= 96) return body.template operator()<96>();
  if (head_size <= 128) return body.template operator()<128>();
  return body.template operator()<256>();
}

}  // namespace erprm::cuda
