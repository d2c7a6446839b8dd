// ragged: the one batch shape of the product, rows of unequal length in one array.
//   row i = values[offsets[i] .. offsets[i + 1])      offsets[0] = 0, non-decreasing, offsets.back() = values.size()
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace erprm {

// Checks the offsets of `num_values` values; `name` is the argument they came from. Returns the number of rows.
// Throws INVALID_ARGUMENT naming the first offset that breaks the rule.
inline int64_t check_offsets(std::string_view name, std::span<const int32_t> offsets, int64_t num_values) {
  require(!offsets.empty(), ErrorCode::INVALID_ARGUMENT, "Expected ", name, " to have at least one entry, received 0");
  require(offsets.front() == 0, ErrorCode::INVALID_ARGUMENT, "Expected ", name, "[0] to be 0, received ",
          offsets.front());
  for (size_t i = 1; i < offsets.size(); ++i) {
    require(offsets[i] >= offsets[i - 1], ErrorCode::INVALID_ARGUMENT, "Expected ", name, "[", i, "] to be at least ",
            offsets[i - 1], " (the offset before it), received ", offsets[i]);
  }
  require(offsets.back() == num_values, ErrorCode::INVALID_ARGUMENT, "Expected ", name, "[", offsets.size() - 1,
          "] to be ", num_values, " (the number of values), received ", offsets.back());
  return static_cast<int64_t>(offsets.size()) - 1;
}

template <typename T>
struct Ragged {
  std::vector<T> values;
  std::vector<int32_t> offsets = {0};

  int64_t num_rows() const { return static_cast<int64_t>(offsets.size()) - 1; }

  std::span<const T> row(int64_t i) const {
    return std::span<const T>(values).subspan(offsets[i], offsets[i + 1] - offsets[i]);
  }

  void append_row(std::span<const T> row) {
    values.insert(values.end(), row.begin(), row.end());
    offsets.push_back(static_cast<int32_t>(values.size()));
  }
};

}  // namespace erprm
