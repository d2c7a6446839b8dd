#include "ops/log_mean_exp_op.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/error.h"
#include "core/ragged.h"
#include "kernels/log_mean_exp.h"

namespace erprm {
namespace {

// Outcomes in one unit of work for a thread: enough to hide the cost of handing it over.
constexpr int64_t kChunkOutcomes = 1 << 14;

void check_etas(std::span<const double> etas) {
  for (size_t e = 0; e < etas.size(); ++e) {
    if (!std::isnan(etas[e])) continue;
    throw Error(ErrorCode::INVALID_ARGUMENT, concat("Expected etas[", e, "] to be a number, received ", etas[e]),
                {{"name", "etas"}, {"index", e}});
  }
}

void check_segments(std::span<const int32_t> offsets) {
  for (size_t p = 0; p + 1 < offsets.size(); ++p) {
    if (offsets[p] < offsets[p + 1]) continue;
    throw Error(ErrorCode::INVALID_ARGUMENT,
                concat("Expected segment ", p, " to hold at least one outcome, received 0"),
                {{"name", "offsets"}, {"segment", p}});
  }
}

[[noreturn]] void fail_outcome(std::span<const float> outcomes, std::span<const int32_t> offsets, int64_t index) {
  const int64_t segment = std::upper_bound(offsets.begin(), offsets.end(), index) - offsets.begin() - 1;
  throw Error(ErrorCode::INVALID_ARGUMENT,
              concat("Expected outcomes[", index, "] (segment ", segment, ") to be a finite number, received ",
                     outcomes[index]),
              {{"name", "outcomes"}, {"segment", segment}, {"index", index}});
}

}  // namespace

std::vector<float> log_mean_exp(std::span<const float> outcomes, std::span<const int32_t> offsets,
                                std::span<const double> etas) {
  const int64_t num_outcomes = static_cast<int64_t>(outcomes.size());
  const int64_t num_segments = check_offsets("offsets", offsets, num_outcomes);
  check_etas(etas);
  check_segments(offsets);

  std::vector<float> labels(etas.size() * static_cast<size_t>(num_segments));
  const LogMeanExpBatch batch{
      outcomes.data(), offsets.data(), num_segments, etas.data(), static_cast<int64_t>(etas.size()), labels.data()};
  // Chunks of equal numbers of outcomes, not of segments: segments may differ a thousandfold in length. A chunk holds
  // the segments that begin in it.
  const int64_t num_chunks = (num_outcomes + kChunkOutcomes - 1) / kChunkOutcomes;
  const auto segment_from = [&](int64_t chunk) {
    return std::lower_bound(offsets.begin(), offsets.end() - 1, chunk * kChunkOutcomes) - offsets.begin();
  };
  std::atomic<int64_t> bad = num_outcomes;
  at::parallel_for(0, num_chunks, 1, [&](int64_t begin, int64_t end) {
    const int64_t found =
        log_mean_exp(batch, segment_from(begin), end == num_chunks ? num_segments : segment_from(end));
    if (found < 0) return;
    for (int64_t first = bad; found < first && !bad.compare_exchange_weak(first, found);) {
    }
  });
  if (bad < num_outcomes) fail_outcome(outcomes, offsets, bad);
  return labels;
}

}  // namespace erprm
