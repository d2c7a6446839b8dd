// ForwardBatch: the token rows of one forward pass, of many sequences at once.
//
// A row is one token at one position. It sees the first `trunk_limit` tokens of a trunk, then the first `own_limit`
// tokens of its sequence's own blocks. Prefill rows of a trunk see trunk tokens only (their own included); rows of a
// completion see the whole prefix and the completion's tokens up to their own. Key and value of the row are stored at
// `write_slot` of `write_block` before any row of the batch attends.
#pragma once

#include <cstdint>
#include <vector>

namespace erprm {

struct ForwardRow {
  int32_t token;
  int32_t position;
  float* const* trunk_blocks;
  int32_t trunk_limit;
  float* const* own_blocks;
  int32_t own_limit;  // 0 for prefill rows
  float* write_block;
  int32_t write_slot;
};

struct ForwardBatch {
  std::vector<ForwardRow> rows;
  // Rows [groups[i], groups[i+1]) share one trunk. Starts with 0, ends with rows.size().
  std::vector<int32_t> groups = {0};
  // Rows whose final hidden state is wanted, in the order of the result.
  std::vector<int32_t> outputs;

  void clear() {
    rows.clear();
    groups.assign(1, 0);
    outputs.clear();
  }
  void end_group() {
    if (static_cast<int32_t>(rows.size()) > groups.back()) groups.push_back(static_cast<int32_t>(rows.size()));
  }
};

}  // namespace erprm
