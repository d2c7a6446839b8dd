// Labels of the device against the formula in long double, on ragged segments of every way they are taken.
#include "kernels/cuda_log_mean_exp.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "core/testing.h"
#include "kernels/device_array.h"

namespace {

using erprm::LogMeanExpBatch;
using namespace erprm::cuda;

struct Segments {
  std::vector<float> outcomes;
  std::vector<int32_t> offsets{0};

  void add(int count, auto outcome) {
    for (int k = 0; k < count; ++k) outcomes.push_back(outcome(k));
    offsets.push_back(static_cast<int32_t>(outcomes.size()));
  }
  int64_t size() const { return static_cast<int64_t>(offsets.size()) - 1; }
};

struct Result {
  std::vector<float> labels, hard;
};

Result run(const Segments& segments, const std::vector<double>& etas, float threshold = 0.5f) {
  const DeviceArray<float> outcomes(segments.outcomes);
  const DeviceArray<int32_t> offsets(segments.offsets);
  const DeviceArray<double> device_etas(etas);
  const DeviceArray<float> labels(etas.size() * segments.size()), hard(segments.size());
  const LogMeanExpBatch batch{
      outcomes.data(), offsets.data(), segments.size(), device_etas.data(), static_cast<int64_t>(etas.size()),
      labels.data()};
  CHECK_LAUNCHED(log_mean_exp(batch, hard.data(), threshold, nullptr));
  return {labels.read(), hard.read()};
}

// With the extreme outcome taken out, in long double, where nothing overflows or cancels.
long double formula(const float* outcomes, int count, double eta) {
  const long double base =
      eta > 0 ? *std::max_element(outcomes, outcomes + count) : *std::min_element(outcomes, outcomes + count);
  if (std::isinf(eta)) return base;
  long double sum = 0;
  for (int k = 0; k < count; ++k) {
    const long double difference = outcomes[k] - base;
    sum += eta == 0 ? difference : std::expm1((long double)eta * difference);
  }
  return eta == 0 ? base + sum / count : base + std::log1p(sum / count) / (long double)eta;
}

// Lengths on both sides of what one thread, one warp and one tile take, in a mixed order, of continuous and of 0/1
// outcomes, with outliers.
Segments mixed_segments() {
  std::mt19937 bits(7);
  const auto uniform = [&bits](int) { return static_cast<float>(bits() >> 8) * 0x1p-24f; };
  Segments segments;
  for (const int count : {1, 2, 64, 65, 3, 17, 8192, 8193, 5, 81, 987, 16, 1, 20000, 33, 63, 4000, 4200}) {
    segments.add(count, uniform);
    segments.add(std::min(count, 700), [&](int k) { return uniform(k) < 0.3f ? 1.0f : 0.0f; });
    segments.add(std::min(count, 300), [&](int k) { return k == count / 2 ? -4.0f : 0.5f; });
  }
  for (int i = 0; i < 600; ++i) segments.add(1 + i % 40, uniform);
  return segments;
}

}  // namespace

TEST("the device's labels follow the formula, from the mean to the extremes, at every length") {
  if (!has_device()) return;
  const Segments segments = mixed_segments();
  const std::vector<double> etas{0,     1e-300, 1e-12, 1e-7, 1e-3, 0.5,  1,    3,      10,       100,      1e4,
                                 1e300, -1e-7,  -0.5,  -1,   -5,   -100, -1e4, -1e300, INFINITY, -INFINITY};
  const Result result = run(segments, etas);
  for (int64_t p = 0; p < segments.size(); ++p) {
    const int begin = segments.offsets[p], count = segments.offsets[p + 1] - begin;
    const float* outcomes = &segments.outcomes[begin];
    const float least = *std::min_element(outcomes, outcomes + count),
                most = *std::max_element(outcomes, outcomes + count);
    CHECK(result.hard[p] == (most >= 0.5f ? 1.0f : 0.0f));
    for (size_t e = 0; e < etas.size(); ++e) {
      const float label = result.labels[e * segments.size() + p];
      CHECK(label >= least && label <= most);
      CHECK_NEAR(label, formula(outcomes, count, etas[e]), 5e-7 * (most - least) + 6e-8 * std::abs(label));
    }
  }
}

TEST("a label on the device depends on its own segment alone") {
  if (!has_device()) return;
  const Segments segments = mixed_segments();
  const std::vector<double> etas{0, 2, -30};
  const Result together = run(segments, etas);
  for (int64_t p = 0; p < 60; ++p) {
    Segments alone;
    const float* outcomes = &segments.outcomes[segments.offsets[p]];
    if (p % 2 == 1) alone.add(3, [](int k) { return static_cast<float>(k); });  // another place in the tile
    alone.add(segments.offsets[p + 1] - segments.offsets[p], [&](int k) { return outcomes[k]; });
    const Result result = run(alone, etas);
    for (size_t e = 0; e < etas.size(); ++e) {
      CHECK(result.labels[(e + 1) * alone.size() - 1] == together.labels[e * segments.size() + p]);
    }
  }
}

TEST("hard labels need no eta, labels no hard labels, and no segments no launch") {
  if (!has_device()) return;
  const DeviceArray<float> outcomes(std::vector<float>{0, 0.25f, 1, 0.5f}), hard(3), labels(3);
  const DeviceArray<int32_t> offsets(std::vector<int32_t>{0, 2, 3, 4});
  const DeviceArray<double> etas(std::vector<double>{0});
  CHECK_LAUNCHED(log_mean_exp({outcomes.data(), offsets.data(), 3, nullptr, 0, nullptr}, hard.data(), 0.5f, nullptr));
  CHECK((hard.read() == std::vector<float>{0, 1, 1}));
  CHECK_LAUNCHED(
      log_mean_exp({outcomes.data(), offsets.data(), 3, etas.data(), 1, labels.data()}, nullptr, 0, nullptr));
  CHECK((labels.read() == std::vector<float>{0.125f, 1, 0.5f}));
  CHECK_LAUNCHED(log_mean_exp({nullptr, nullptr, 0, etas.data(), 1, nullptr}, nullptr, 0, nullptr));
}
