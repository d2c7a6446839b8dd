// log_mean_exp: the label of each prefix from the outcomes of its completions, for several eta in one read.
//   labels[e, p] = (1/eta_e) ln( mean over k in [offsets[p], offsets[p+1]) of exp(eta_e * outcomes[k]) )
// and the mean for eta = 0, its limit. Source: arXiv:2412.11006, the entropy-regularized process reward.
// Deviation: outcomes may be any finite numbers and eta any number, not only 0/1 and positive. Its limits are exact:
// the mean at 0 (soft labels), the largest outcome at infinity (hard labels), the smallest at -infinity.
//
// Computed as  c + log1p(x)/eta  with  x = mean of expm1(eta (outcome - c)) in (-1, 0],  c the largest outcome for
// eta > 0 and the smallest for eta < 0. Nothing overflows (the exponents are <= 0), nothing cancels as eta -> 0 (x
// keeps its relative precision), so there is one formula from eta = 1e-8 to 1e4. In doubles: the error is below 1e-9 of
// the spread of the outcomes, then the label is rounded to f32. Outcomes of 0 and 1 are counted; the label of a pair of
// counts is computed once.
//
// A label depends on its own segment and eta alone: not on neighbours, their number, or the split over threads.
#pragma once

#include <cstdint>

namespace erprm {

//   outcomes f32 [offsets[P]]    offsets i32 [P+1], offsets[0] = 0    etas f64 [num_etas]
//   labels   f32 [num_etas, num_segments = P] of which columns [begin, end) are written
// REQUIRES: no eta is NaN; no segment in [begin, end) is empty.
struct LogMeanExpBatch {
  const float* outcomes;
  const int32_t* offsets;
  int64_t num_segments;
  const double* etas;
  int64_t num_etas;
  float* labels;
};

// Writes the labels of the segments [begin, end) and returns -1, or the index of an outcome in them that is not finite,
// the first one: then labels are missing.
int64_t log_mean_exp(const LogMeanExpBatch& batch, int64_t begin, int64_t end);

}  // namespace erprm
