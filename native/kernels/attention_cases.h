// attention_cases: rows of queries that the tests of both kinds of attention take.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/kernel_table.h"

namespace erprm::testing {

// Rows that see more and more of `tokens` tokens, two of three within a window of 70.
inline std::vector<QueryRow> ranges(const std::vector<float>& queries, int head_size, int count, int tokens) {
  std::vector<QueryRow> rows;
  for (int r = 0; r < count; ++r) {
    const int limit = 1 + r * (tokens - 1) / count;
    rows.push_back({queries.data() + r * head_size, nullptr, nullptr, r % 3 == 0 ? 0 : std::max(0, limit - 70), limit});
  }
  return rows;
}

}  // namespace erprm::testing
