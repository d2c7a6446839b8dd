// Each instruction set against the formula as it stands, in long double; the addon's tests hold the fine print.
#include "kernels/log_mean_exp.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/testing.h"

namespace erprm {
namespace generic {
int64_t log_mean_exp(const LogMeanExpBatch& batch, int64_t begin, int64_t end);
}
#if defined(__x86_64__)
namespace avx2 {
int64_t log_mean_exp(const LogMeanExpBatch& batch, int64_t begin, int64_t end);
}
#endif
}  // namespace erprm

namespace {

using erprm::LogMeanExpBatch;
using Kernel = int64_t (*)(const LogMeanExpBatch&, int64_t, int64_t);

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
    segments.add(count, [&](int64_t k) { return k == count / 2 ? 0.25f : 1.0f; });  // 0/1 but for one
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

TEST("a label is the same bits wherever its segment lies, among outcomes of 0 and 1 and among others") {
  Segments segments;
  const std::vector<double> etas{-2, 0, 1e-30, 3};
  for (const int64_t count : {3, 64, 65, 200, 5000}) {
    for (const int before : {0, 1, 63, 64, 100}) {
      segments.add(1 + before, [&](int64_t) { return before == 100 ? 0.5f : 1.0f; });
      segments.add(count, [&](int64_t k) { return k % 3 == 0 ? 1.0f : 0.0f; });
    }
  }
  std::vector<float> labels;
  for (const Kernel kernel : kernels()) {
    const LogMeanExpBatch batch = segments.batch(etas, labels);
    CHECK(kernel(batch, 0, batch.num_segments) == -1);
    for (int64_t i = 1; i < batch.num_segments * batch.num_etas; i += 2) {
      const int64_t first_of_count = i / 10 * 10 + 1;
      CHECK(labels[i] == labels[first_of_count]);
    }
  }
}

TEST("labels at an infinite eta are the largest and the smallest outcome, at 0 the mean, with any number of etas") {
  const Segments segments = odd_segments();
  std::vector<double> etas(19, 0.0);
  etas[2] = INFINITY;
  etas[17] = -INFINITY;
  std::vector<float> labels;
  for (const Kernel kernel : kernels()) {
    const LogMeanExpBatch batch = segments.batch(etas, labels);
    CHECK(kernel(batch, 0, batch.num_segments) == -1);
    for (int64_t p = 0; p < batch.num_segments; ++p) {
      const auto begin = segments.outcomes.begin() + segments.offsets[p],
                 end = segments.outcomes.begin() + segments.offsets[p + 1];
      CHECK(labels[2 * batch.num_segments + p] == *std::max_element(begin, end));
      CHECK(labels[17 * batch.num_segments + p] == *std::min_element(begin, end));
      CHECK_NEAR(labels[18 * batch.num_segments + p], naive(&*begin, end - begin, 0), 3e-7);
    }
  }
}

TEST("an outcome that is not finite is found, the first one, in short and in long segments") {
  const std::vector<double> etas{1};
  std::vector<float> labels;
  for (const Kernel kernel : kernels()) {
    for (const int64_t count : {5, 9000}) {
      for (const float wrong : {NAN, INFINITY, -INFINITY}) {
        Segments segments;
        segments.add(7, [](int64_t) { return 1.0f; });
        segments.add(count, [&](int64_t k) { return k >= count - 2 ? wrong : 0.0f; });
        const LogMeanExpBatch batch = segments.batch(etas, labels);
        CHECK(kernel(batch, 0, 2) == 7 + count - 2);
        CHECK(kernel(batch, 0, 1) == -1);
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
