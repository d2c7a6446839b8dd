#include "kernels/truncate_weights.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace erprm {
namespace {

void keep_top_k(float* weights, int vocabulary, int k) {
  if (k >= vocabulary) return;
  std::vector<float> ranked(weights, weights + vocabulary);
  std::nth_element(ranked.begin(), ranked.begin() + (k - 1), ranked.end(), std::greater<>());
  const float threshold = ranked[k - 1];
  int ties = k - static_cast<int>(std::count_if(ranked.begin(), ranked.begin() + k,
                                                [&](float weight) { return weight > threshold; }));
  for (int i = 0; i < vocabulary; ++i) {
    if (weights[i] > threshold) continue;
    if (weights[i] == threshold && ties > 0) {
      --ties;
    } else {
      weights[i] = 0.0f;
    }
  }
}

void keep_top_p(float* weights, int vocabulary, double top_p) {
  double mass = 0;
  for (int i = 0; i < vocabulary; ++i) mass += weights[i];
  // All weights below this one together are less than the mass that may be cut, so they are never needed. The largest
  // weight is not below it, even when all are equal and top_p rounds to 0.
  const double negligible = (1.0 - top_p) * mass / vocabulary;
  std::vector<int> candidates;
  for (int i = 0; i < vocabulary; ++i) {
    if (weights[i] >= negligible) candidates.push_back(i);
  }
  std::stable_sort(candidates.begin(), candidates.end(), [&](int a, int b) { return weights[a] > weights[b]; });
  double kept_mass = 0;
  size_t kept = 0;
  while (kept < candidates.size() && kept_mass < top_p * mass) kept_mass += weights[candidates[kept++]];
  kept = std::max<size_t>(kept, 1);
  std::vector<float> values(kept);
  for (size_t i = 0; i < kept; ++i) values[i] = weights[candidates[i]];
  std::fill(weights, weights + vocabulary, 0.0f);
  for (size_t i = 0; i < kept; ++i) weights[candidates[i]] = values[i];
}

}  // namespace

void truncate_weights(float* weights, int vocabulary, const SamplingOptions& options) {
  if (options.top_k > 0) keep_top_k(weights, vocabulary, options.top_k);
  if (options.top_p < 1.0f) keep_top_p(weights, vocabulary, options.top_p);
  if (options.min_p > 0.0f) {
    for (int i = 0; i < vocabulary; ++i) {
      if (weights[i] < options.min_p) weights[i] = 0.0f;
    }
  }
}

}  // namespace erprm
