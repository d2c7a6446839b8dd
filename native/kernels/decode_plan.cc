#include "kernels/decode_plan.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace erprm::cuda {
namespace {

int ranges_of(int64_t tokens) { return static_cast<int>((tokens + kSplitTokens - 1) / kSplitTokens); }

// Items for `count` queries of the rows from `first` on over one range.
void add_items(int32_t first, int count, int tile, int32_t range, std::vector<AttentionItem>& items) {
  for (int begin = 0; begin < count; begin += tile) {
    items.push_back({first, begin, std::min(tile, count - begin), range});
  }
}

// Rows of one trunk side by side, in the order of the trunks' first rows; the longest prefixes first.
std::vector<int32_t> order_rows(std::span<const PlannedRow> rows) {
  std::unordered_map<const void*, int32_t> first_of;
  for (size_t r = 0; r < rows.size(); ++r) first_of.try_emplace(rows[r].trunk, static_cast<int32_t>(r));
  std::vector<int32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const int32_t trunk_a = first_of[rows[a].trunk], trunk_b = first_of[rows[b].trunk];
    return trunk_a != trunk_b ? trunk_a < trunk_b : rows[a].trunk_limit > rows[b].trunk_limit;
  });
  return order;
}

}  // namespace

DecodePlan plan_decode(std::span<const PlannedRow> rows, int iterations, int num_heads, int num_kv_heads,
                       Element element) {
  const int share = num_heads / num_kv_heads, tile = element == Element::kBF16 ? kTrunkQueries : kOwnQueries;
  DecodePlan plan{{}, order_rows(rows), {}, 0};
  const auto own_ranges = [&](const PlannedRow& row) { return ranges_of(int64_t{row.own_length} + iterations - 1); };
  for (const PlannedRow& row : rows) {
    plan.first_results.push_back(plan.num_results);
    plan.num_results += ranges_of(row.trunk_limit) + own_ranges(row);
  }
  const auto row_at = [&](size_t i) -> const PlannedRow& { return rows[plan.order[i]]; };
  for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    while (end < rows.size() && row_at(end).trunk == row_at(begin).trunk) ++end;
    size_t count = end - begin;
    for (int range = 0; range < ranges_of(row_at(begin).trunk_limit); ++range) {
      while (row_at(begin + count - 1).trunk_limit <= range * kSplitTokens) --count;
      add_items(static_cast<int32_t>(begin), static_cast<int>(count) * share, tile, range, plan.items);
    }
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    for (int range = 0; range < own_ranges(row_at(i)); ++range) {
      add_items(static_cast<int32_t>(i), share, kOwnQueries, ~range, plan.items);
    }
  }
  return plan;
}

int64_t max_results(int64_t max_rows, int64_t context_length) {
  // One range more for the second part's own beginning, one for the tokens that a burst plans beyond a row's end.
  return max_rows * (ranges_of(context_length) + 2);
}

int64_t max_items(int64_t max_rows, int64_t context_length, int num_heads, int num_kv_heads) {
  return max_results(max_rows, context_length) * ((num_heads / num_kv_heads + kOwnQueries - 1) / kOwnQueries);
}

}  // namespace erprm::cuda
