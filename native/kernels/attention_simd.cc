// Attention of many query rows over one list of key-value blocks, as two small matrix products a block with an online
// softmax between them. The same code serves a trunk that hundreds of rows share and the few own tokens of one
// completion: a row first runs over its trunk, then goes on over its own tokens, carrying (maximum, sum, output).
//
//   m' = max(m, max_j s_j);  l' = l e^(m-m') + sum_j e^(s_j-m');  o' = o e^(m-m') + sum_j e^(s_j-m') v_j
//
// Block borders are multiples of kKvTokens from the list's start, so the order of operations of a row depends on the
// row's own range alone. A masked key has weight exactly 0.
#include <algorithm>
#include <cmath>

#include "kernels/kernel_table.h"
#include "kernels/micro_simd.h"

namespace erprm::ERPRM_ISA {
namespace {

// Turns a row's scores of one block into weights, and rescales what the row has gathered so far.
//   scores f32 [wide], visible keys are [begin, end) of the block
ERPRM_INLINE void softmax_block(const QueryRow& row, float* scores, int wide, int begin, int end, int head_size) {
  for (int j = 0; j < begin; ++j) scores[j] = -INFINITY;
  for (int j = end; j < wide; ++j) scores[j] = -INFINITY;
  F32x8 largest = load8(scores);
  for (int j = 8; j < wide; j += 8) largest = max8(largest, load8(scores + j));
  const float before = row.state[0];
  const float maximum = std::max(before, max_lanes(largest));
  const F32x8 shift = splat8(maximum);
  F32x8 total = splat8(0.0f);
  for (int j = 0; j < wide; j += 8) {
    const F32x8 weight = exp8(load8(scores + j) - shift);
    store8(scores + j, weight);
    total += weight;
  }
  const float decay = exp8(splat8(before - maximum))[0];
  row.state[0] = maximum;
  row.state[1] = row.state[1] * decay + sum_lanes(total);
  if (decay != 1.0f) {
    const F32x8 factor = splat8(decay);
    for (int d = 0; d < head_size; d += 8) store8(row.output + d, load8(row.output + d) * factor);
  }
}

// Up to six rows over one block.
void attend_block(const QueryRow* rows, int count, const float* keys, const float* values, int start, int head_size) {
  alignas(32) float scores[kMicroRows][kKvTokens];
  const float* queries[kMicroRows];
  const float* weights[kMicroRows];
  float* score_rows[kMicroRows];
  float* outputs[kMicroRows];
  int wide = 0;
  for (int r = 0; r < count; ++r) {
    queries[r] = rows[r].query;
    wide = std::max(wide, std::min(rows[r].limit - start, kKvTokens));
  }
  if (wide <= 0) return;
  wide = static_cast<int>(padded(wide));
  for (int j = 0; j < wide; j += kPanel) {
    for (int r = 0; r < count; ++r) {
      score_rows[r] = scores[r] + j;
      store8(score_rows[r], splat8(0.0f));
      store8(score_rows[r] + 8, splat8(0.0f));
    }
    micro(count, queries, head_size, keys + static_cast<size_t>(j) * head_size, kPanel, score_rows);
  }
  for (int r = 0; r < count; ++r) {
    const int begin = std::clamp(rows[r].first - start, 0, wide), end = std::clamp(rows[r].limit - start, 0, wide);
    softmax_block(rows[r], scores[r], wide, std::min(begin, end), end, head_size);
    weights[r] = scores[r];
  }
  for (int d = 0; d < head_size; d += kPanel) {
    for (int r = 0; r < count; ++r) outputs[r] = rows[r].output + d;
    micro(count, weights, wide, values + d, head_size, outputs);
  }
}

void attend(const QueryRow* rows, int num_rows, const KeyValueBlocks& list) {
  int first = INT32_MAX, limit = 0;
  for (int r = 0; r < num_rows; ++r) {
    first = std::min(first, rows[r].first);
    limit = std::max(limit, rows[r].limit);
  }
  for (int start = first / kKvTokens * kKvTokens; start < limit; start += kKvTokens) {
    const float* block = list.blocks[start / kKvTokens];
    for (int r = 0; r < num_rows; r += kMicroRows) {
      attend_block(rows + r, std::min(kMicroRows, num_rows - r), block + list.key_offset, block + list.value_offset,
                   start, list.head_size);
    }
  }
}

}  // namespace

void add_attention_kernels(KernelTable& table) { table.attend = attend; }

}  // namespace erprm::ERPRM_ISA
