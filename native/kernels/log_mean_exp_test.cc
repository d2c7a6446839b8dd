// Each instruction set against the formula as it stands, in long double; the addon's tests hold the fine print.
#include "kernels/log_mean_exp.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/testing.h"

namespace erprm {
namespace generic {
void log_mean_exp(const LogMeanExpBatch& batch, int64_t begin, int64_t end);
}
#if defined(__x86_64__)
namespace avx2 {
void log_mean_exp(const LogMeanExpBatch& batch, int64_t begin, int64_t end);
}
#endif
}  // namespace erprm

namespace {

using erprm::LogMeanExpBatch;
using Kernel = void (*)(const LogMeanExpBatch&, int64_t, int64_t);

std::vector<Kernel> kernels() {
  std::vector<Kernel> all{erprm::log_mean_exp, erprm::generic::log_mean_exp};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back(erprm::avx2::log_mean_exp);
#endif
  return all;
}

long double naive(const float* outcomes, int64_t count, double eta) {
  long double sum = 0;
  for (int64_t k = 0; k < count; ++k) sum += eta == 0 ? outcomes[k] : std::exp((long double)eta * outcomes[k]);
  return eta == 0 ? sum / count : std::log(sum / count) / eta;
}

struct Segments {
  std::vector<float> outcomes;
  std::vector<int32_t> offsets{0};

  void add(int64_t count, auto outcome) {
    for (int64_t k = 0; k < count; ++k) outcomes.push_back(outcome(k));
    offsets.push_back(static_cast<int32_t>(outcomes.size()));
  }
  LogMeanExpBatch batch(const std::vector<double>& etas, std::vector<float>& labels) const {
    const int64_t count = static_cast<int64_t>(offsets.size()) - 1;
    labels.assign(static_cast<size_t>(count) * etas.size(), NAN);
    return {outcomes.data(), offsets.data(), count, etas.data(), static_cast<int64_t>(etas.size()), labels.data()};
  }
};

Segments odd_segments() {
  Segments segments;
  uint32_t state = 1;
  const auto uniform = [&](int64_t) {
    state = state * 1664525u + 1013904223u;
    return static_cast<float>(state >> 8) * 0x1p-24f;
  };
  for (int64_t count : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 17, 81, 987, 20000}) {
    segments.add(count, uniform);
    segments.add(count, [&](int64_t k) { return uniform(k) < 0.3f ? 1.0f : 0.0f; });
    segments.add(count, [&](int64_t k) { return k == count / 2 ? -4.0f : 0.5f; });  // a planted outlier
  }
  return segments;
}

}  // namespace

TEST("labels follow the formula in every instruction set and at odd lengths") {
  const Segments segments = odd_segments();
  const std::vector<double> etas{-100, -1, 0, 0.5, 1, 5, 100};
  std::vector<float> labels;
  for (const Kernel kernel : kernels()) {
    const LogMeanExpBatch batch = segments.batch(etas, labels);
    kernel(batch, 0, batch.num_segments);
    for (int64_t p = 0; p < batch.num_segments; ++p) {
      for (size_t e = 0; e < etas.size(); ++e) {
        const int32_t begin = segments.offsets[p], count = segments.offsets[p + 1] - begin;
        CHECK_NEAR(labels[e * batch.num_segments + p], naive(&segments.outcomes[begin], count, etas[e]), 3e-7);
      }
    }
  }
}

TEST("a range of segments writes its own labels and no others") {
  const Segments segments = odd_segments();
  const std::vector<double> etas{2, -2};
  std::vector<float> all, part;
  for (const Kernel kernel : kernels()) {
    const LogMeanExpBatch whole = segments.batch(etas, all);
    kernel(whole, 0, whole.num_segments);
    const LogMeanExpBatch batch = segments.batch(etas, part);
    kernel(batch, 5, 11);
    for (int64_t i = 0; i < batch.num_segments * batch.num_etas; ++i) {
      const int64_t p = i % batch.num_segments;
      CHECK(p >= 5 && p < 11 ? part[i] == all[i] : std::isnan(part[i]));
    }
  }
}
