// The sampler against the distribution it claims to draw from.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "core/testing.h"
#include "kernels/kernel_table.h"

namespace {

using erprm::kernel_tables;
using erprm::KernelTable;
using erprm::SampledToken;
using erprm::SamplingOptions;

constexpr int kVocabulary = 1003;

std::vector<float> random_logits(uint32_t seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal(0.0f, 2.0f);
  std::vector<float> logits(kVocabulary);
  for (float& value : logits) value = normal(bits);
  return logits;
}

// Probabilities after temperature, top-k, top-p, min-p, the slow and obvious way.
std::vector<double> reference(const std::vector<float>& logits, const SamplingOptions& options) {
  std::vector<double> p(logits.size());
  const double peak = *std::max_element(logits.begin(), logits.end());
  for (size_t i = 0; i < p.size(); ++i) p[i] = std::exp((logits[i] - peak) / options.temperature);
  std::vector<int> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return p[a] > p[b]; });
  if (options.top_k > 0) {
    for (size_t rank = options.top_k; rank < order.size(); ++rank) p[order[rank]] = 0;
  }
  if (options.top_p < 1) {
    const double mass = std::accumulate(p.begin(), p.end(), 0.0);
    double kept = 0;
    for (int i : order) {
      if (kept >= double(options.top_p) * mass) p[i] = 0;
      kept += p[i];
    }
  }
  for (double& value : p) value = value < options.min_p ? 0 : value;
  const double mass = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& value : p) value /= mass;
  return p;
}

}  // namespace

TEST("an even sweep of uniform numbers draws every token in proportion to its probability") {
  const auto logits = random_logits(1);
  const SamplingOptions cases[] = {{1, 0, 1, 0},     {0.7f, 0, 1, 0},     {1, 5, 1, 0},           {1, 0, 0.9f, 0},
                                   {1, 0, 1, 0.05f}, {1.3f, 50, 0.8f, 0}, {0.7f, 0, 0.95f, 0.01f}};
  for (const KernelTable& kernels : kernel_tables()) {
    for (const SamplingOptions& options : cases) {
      const auto p = reference(logits, options);
      std::vector<float> scratch(kVocabulary + 16);
      std::vector<int> counts(kVocabulary);
      const int draws = 20000;
      for (int i = 0; i < draws; ++i) {
        const SampledToken sampled =
            kernels.sample_token(logits.data(), kVocabulary, options, (i + 0.5) / draws, scratch.data());
        ++counts[sampled.token];
      }
      // The inverse of a cumulative distribution on an even grid misses each token's share by less than two draws.
      for (int token = 0; token < kVocabulary; ++token) CHECK_NEAR(counts[token], p[token] * draws, 2.0);
    }
  }
}

TEST("the log-probability is that of the temperature's softmax, truncated or not") {
  const auto logits = random_logits(2);
  for (const KernelTable& kernels : kernel_tables()) {
    for (const SamplingOptions& options : {SamplingOptions{0.5f, 0, 1, 0}, SamplingOptions{0.5f, 3, 0.9f, 0}}) {
      const auto p = reference(logits, {0.5f, 0, 1, 0});
      std::vector<float> scratch(kVocabulary + 16);
      for (double u : {0.0, 0.3, 0.999999}) {
        const SampledToken sampled = kernels.sample_token(logits.data(), kVocabulary, options, u, scratch.data());
        CHECK_NEAR(sampled.log_probability, std::log(p[sampled.token]), 2e-6);
        CHECK_NEAR(kernels.log_probability(logits.data(), kVocabulary, 0.5f, sampled.token, scratch.data()),
                   std::log(p[sampled.token]), 2e-6);
      }
    }
  }
}

TEST("temperature zero takes the largest logit, the lowest token among equals") {
  for (const KernelTable& kernels : kernel_tables()) {
    std::vector<float> logits(kVocabulary, -3.0f), scratch(kVocabulary + 16);
    logits[700] = logits[1001] = 2.5f;
    CHECK(kernels.sample_token(logits.data(), kVocabulary, {0, 0, 1, 0}, 0.99, scratch.data()).token == 700);
  }
}

TEST("top-k keeps exactly k tokens of a flat distribution, the lowest ones") {
  for (const KernelTable& kernels : kernel_tables()) {
    std::vector<float> logits(kVocabulary, 0.0f), scratch(kVocabulary + 16);
    for (double u : {0.0, 0.5, 0.9999999}) {
      CHECK(kernels.sample_token(logits.data(), kVocabulary, {1, 7, 1, 0}, u, scratch.data()).token < 7);
    }
  }
}

TEST("logits that are not finite are refused") {
  for (const KernelTable& kernels : kernel_tables()) {
    for (const float bad : {NAN, INFINITY}) {
      for (const int at : {0, 512, kVocabulary - 1}) {
        auto logits = random_logits(3);
        logits[at] = bad;
        std::vector<float> scratch(kVocabulary + 16);
        CHECK(kernels.sample_token(logits.data(), kVocabulary, {1, 0, 1, 0}, 0.5, scratch.data()).token == -1);
        CHECK(kernels.sample_token(logits.data(), kVocabulary, {0, 0, 1, 0}, 0.5, scratch.data()).token == -1);
      }
    }
  }
}

TEST("a temperature next to zero draws the largest logit with a finite log-probability") {
  for (const KernelTable& kernels : kernel_tables()) {
    auto logits = random_logits(4);
    logits[600] = 20.0f;
    std::vector<float> scratch(kVocabulary + 16);
    for (const float temperature : {1e-6f, 1e-30f, 1e-40f, 1e-45f}) {
      for (const double u : {0.0, 0.5, 0.9999999}) {
        const SampledToken sampled =
            kernels.sample_token(logits.data(), kVocabulary, {temperature, 0, 1, 0}, u, scratch.data());
        CHECK(sampled.token == 600);
        CHECK(sampled.log_probability == 0.0f);
      }
    }
  }
}

TEST("the strictest top-p and min-p keep the largest weights, of a flat distribution too") {
  for (const KernelTable& kernels : kernel_tables()) {
    const auto peaked = random_logits(5);
    const int peak = static_cast<int>(std::max_element(peaked.begin(), peaked.end()) - peaked.begin());
    const std::vector<float> flat(kVocabulary, 1.5f);
    std::vector<float> scratch(kVocabulary + 16);
    for (const double u : {0.0, 0.5, 0.9999999}) {
      for (const SamplingOptions& options : {SamplingOptions{1, 0, 0, 0}, SamplingOptions{1, 0, 1e-20f, 0}}) {
        CHECK(kernels.sample_token(peaked.data(), kVocabulary, options, u, scratch.data()).token == peak);
        CHECK(kernels.sample_token(flat.data(), kVocabulary, options, u, scratch.data()).token == 0);
      }
      CHECK(kernels.sample_token(peaked.data(), kVocabulary, {1, 0, 1, 1}, u, scratch.data()).token == peak);
    }
    CHECK(kernels.sample_token(flat.data(), kVocabulary, {1, 0, 1, 1}, 0.5, scratch.data()).token == kVocabulary / 2);
  }
}

TEST("vocabularies of any size are drawn from whole") {
  for (const KernelTable& kernels : kernel_tables()) {
    for (const int vocabulary : {1, 2, 7, 8, 9, 511, 512, 513, 520}) {
      const std::vector<float> logits(static_cast<size_t>(vocabulary), -2.0f);
      std::vector<float> scratch(static_cast<size_t>(vocabulary) + 16, 7.0f);
      for (int token = 0; token < vocabulary; ++token) {
        const SampledToken sampled =
            kernels.sample_token(logits.data(), vocabulary, {1, 0, 1, 0}, (token + 0.5) / vocabulary, scratch.data());
        CHECK(sampled.token == token);
        CHECK_NEAR(sampled.log_probability, -std::log(double(vocabulary)), 1e-5);
      }
    }
  }
}
