// truncate_weights: sets to zero the weights a sampler must not draw from.
//   weights f32 [vocabulary], proportional to probabilities, the largest is 1; changed in place.
// Order: top-k, then top-p, then min-p, each on what the one before left (as the field's samplers do):
//   top-k   keeps the k largest;
//   top-p   keeps the smallest set of largest weights whose share of the remaining mass reaches top_p;
//   min-p   keeps weights of at least min_p times the largest.
// Equal weights are ranked by token id, the lower first, so the result never depends on a sorting algorithm.
#pragma once

#include "kernels/kernel_table.h"

namespace erprm {

inline bool truncates(const SamplingOptions& options) {
  return options.top_k > 0 || options.top_p < 1.0f || options.min_p > 0.0f;
}

void truncate_weights(float* weights, int vocabulary, const SamplingOptions& options);

}  // namespace erprm
