// The work list of decode attention: every range of every row once, tiles within their size and trunk.
#include "kernels/decode_plan.h"

#include <map>
#include <tuple>

#include "core/testing.h"
#include "kernels/kernel_table.h"

namespace {

using namespace erprm::cuda;

int ranges_of(int tokens) { return (tokens + kSplitTokens - 1) / kSplitTokens; }

// Rows of three trunks, mixed, with prefixes and own parts of many lengths.
std::vector<PlannedRow> mixed_rows() {
  static const int trunks[3] = {};
  std::vector<PlannedRow> rows;
  for (int r = 0; r < 101; ++r) rows.push_back({&trunks[r * r % 3], 1 + r * 37 % 900, 1 + r * 53 % 600});
  return rows;
}

}  // namespace

TEST("a plan lists every range of every query exactly once, in tiles of rows of one trunk") {
  const auto rows = mixed_rows();
  for (const Element element : {Element::kF32, Element::kBF16}) {
    for (const int share : {1, 3, 8, 17}) {
      const DecodePlan plan = plan_decode(rows, 8, 2 * share, 2, element);
      std::map<std::tuple<int, int, int>, int> times;  // row, head of its group, range
      for (const AttentionItem& item : plan.items) {
        const int tile = element == Element::kBF16 && item.range >= 0 ? kTrunkQueries : kOwnQueries;
        CHECK(item.num_queries >= 1 && item.num_queries <= tile);
        const int first_row = plan.order[item.first + item.query_begin / share];
        for (int f = item.query_begin; f < item.query_begin + item.num_queries; ++f) {
          const int row = plan.order[item.first + f / share];
          CHECK(rows[row].trunk == rows[first_row].trunk);
          CHECK(item.range >= 0 || row == first_row);
          CHECK((++times[{row, f % share, item.range}] == 1));
        }
      }
      size_t expected = 0;
      for (size_t r = 0; r < rows.size(); ++r) {
        const int own = ranges_of(rows[r].own_length + 7), trunk = ranges_of(rows[r].trunk_limit);
        expected += static_cast<size_t>(share) * (own + trunk);
        for (int h = 0; h < share; ++h) {
          for (int range = 0; range < trunk; ++range) CHECK((times.count({static_cast<int>(r), h, range}) == 1));
          for (int range = 0; range < own; ++range) CHECK((times.count({static_cast<int>(r), h, ~range}) == 1));
        }
      }
      CHECK(times.size() == expected);
    }
  }
}

TEST("partial results of rows do not overlap") {
  const auto rows = mixed_rows();
  const DecodePlan plan = plan_decode(rows, 4, 4, 4, Element::kBF16);
  int32_t next = 0;
  for (size_t r = 0; r < rows.size(); ++r) {
    CHECK(plan.first_results[r] == next);
    next += ranges_of(rows[r].trunk_limit) + ranges_of(rows[r].own_length + 3);
  }
  CHECK(plan.num_results == next);
}

TEST("plans stay within the bounds that buffers are made by, also of trunks nobody shares") {
  for (const int share : {1, 4, 33}) {
    for (const int own_length : {1, 255, 256, 257, 999}) {
      const int context_length = 1000, trunks[40] = {};
      std::vector<PlannedRow> rows;
      for (const int& trunk : trunks) rows.push_back({&trunk, context_length - own_length, own_length});
      // All of them draw their last token in the burst's first iteration.
      for (const int iterations : {1, 8, kSplitTokens}) {
        const DecodePlan plan = plan_decode(rows, iterations, share, 1, Element::kBF16);
        CHECK(plan.num_results <= max_results(40, context_length));
        CHECK(static_cast<int64_t>(plan.items.size()) <= max_items(40, context_length, share, 1));
      }
    }
  }
}

TEST("no rows make an empty plan") {
  const DecodePlan plan = plan_decode({}, 8, 4, 2, Element::kF32);
  CHECK(plan.items.empty() && plan.order.empty() && plan.num_results == 0);
}
