// decode_attention: one layer's attention of the rows of a burst, each over its prefix of a trunk and its own tokens.
// Twin: shared_prefix_attention (model/) over KernelTable::attend.
//
//   output[r, h, :] = sum over visible j of softmax_j(q[r, h] . k[j]) v[j]
//   visible: trunk tokens [0, trunk_limit) and own tokens [0, own_length), and with a window only those whose position
//   p has p > positions[r] - window.
//
// The rows' keys are cut into ranges of kSplitTokens by absolute index, trunk and own part apart. One kernel computes a
// partial result of every range that the plan lists (decode_plan.h): a tile of rows of one trunk reads each key of
// a range once for all its rows, whose prefixes may end at different tokens; a row's own range is read for it alone. A
// second kernel merges a row's partial results:
//   m = max m_i;  output = sum_i 2^(m_i - m) o_i / sum_i 2^(m_i - m) l_i,  m_i and l_i to the base 2
// So neither the bits of a row nor the order of its sums depend on other rows or on their number.
#pragma once

#include <cstdint>

#include "kernels/cuda_decode_rows.h"
#include "kernels/cuda_element.h"
#include "kernels/cuda_stream.h"

namespace erprm::cuda {

inline constexpr int kSplitTokens = 256;  // a multiple of kKvTokens
// Queries of a tile, at most: over a trunk with products on tensor cores; over a row's own tokens, and always in f32.
inline constexpr int kTrunkQueries = 64;
inline constexpr int kOwnQueries = 16;

// A tile of queries and one range of keys, for one block of threads and each kv head in turn. The queries of a kv head
// are numbered row by row: query f of the item is head g * (H / G) + f % (H / G) of row order[first + f / (H / G)].
struct AttentionItem {
  int32_t first;        // index into `order`
  int32_t query_begin;  // queries [query_begin, query_begin + num_queries)
  int32_t num_queries;
  int32_t range;  // tokens [range * kSplitTokens, ...) of the trunk; ~range for the own part of the one row
};

// Device pointers; filled by the host before a burst from a DecodePlan, fixed while it runs.
struct AttentionPlan {
  const AttentionItem* items;
  const int32_t* num_items;  // one number
  const int32_t* order;      // [B] rows, those of a trunk side by side
};

struct DecodeAttention {
  const void* queries;  // T: head h of row r at queries + r * ld + h * D, rotated and scaled (prepare_heads)
  int64_t ld;           // a multiple of 8
  void* output;         // T [B, H, D]; zeros for rows that have ended. May not alias queries.
  int64_t layer_bytes;  // from a block's handle to its part of this layer, [2, G, kKvTokens, D]
  int window;           // keys a query sees, its own included; 0 = all
  int num_heads, num_kv_heads, head_size;  // H, G, D; D a multiple of 16, at most 256
  // Scratch: as many results as the longest plan has (decode_plan.h: max_results).
  float* partial_outputs;  // [max_results, H, D]
  float* partial_states;   // [max_results, H, 2] maximum, in units of ln 2, and sum of exponentials
};

// Keys and values of all visible tokens are stored (prepare_heads of this layer was queued before) and finite.
// The grid depends on B and the device alone (its blocks take items in turn), so that it can be captured.
// Returns a cudaError_t; cudaErrorInvalidValue for sizes it does not take.
int decode_attention(const DecodeAttention& args, const DecodeRows& rows, const AttentionPlan& plan, Element element,
                     Stream stream);

}  // namespace erprm::cuda
