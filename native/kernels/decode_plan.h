// plan_decode: the work list of decode attention for one burst, made on the host; plain C++, no device.
//
// Rows that name the same trunk (the same address of its block list) share tiles. Rows may come in any order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/cuda_attention.h"
#include "kernels/cuda_element.h"

namespace erprm::cuda {

// One row that runs. Padding rows have no entry: they are the rows of the bucket behind the planned ones.
struct PlannedRow {
  const void* trunk;    // which trunk: rows with equal ones share it
  int32_t trunk_limit;  // tokens of it that the row sees, at least 1
  int32_t own_length;   // own_lengths at the burst's first iteration, at least 1
};

struct DecodePlan {
  std::vector<AttentionItem> items;
  std::vector<int32_t> order;          // a permutation of the rows
  std::vector<int32_t> first_results;  // [rows], DecodeRow::first_result
  int32_t num_results;                 // partial results, of H heads each
};

// A plan for `iterations` iterations (own parts grow by one token in each but the last).
// REQUIRES: num_heads is a multiple of num_kv_heads; 1 <= iterations <= kSplitTokens.
DecodePlan plan_decode(std::span<const PlannedRow> rows, int iterations, int num_heads, int num_kv_heads,
                       Element element);

// Bounds for buffers of fixed size: with at most `max_rows` rows of at most `context_length` tokens (trunk limit and
// own tokens together), a plan never has more.
int64_t max_results(int64_t max_rows, int64_t context_length);
int64_t max_items(int64_t max_rows, int64_t context_length, int num_heads, int num_kv_heads);

}  // namespace erprm::cuda
