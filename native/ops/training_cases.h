// What the tests of training's operations share: random tensors, distances, and the same call on 1 and on 3 threads.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "core/parallel.h"
#include "core/testing.h"

namespace erprm::testing {

// The largest difference, as a share of the largest number expected; of 1 where all are smaller, because a gradient
// that is zero on paper is what rounding leaves.
inline double distance(const at::Tensor& actual, const at::Tensor& expected) {
  if (expected.numel() == 0) return actual.sizes() == expected.sizes() ? 0.0 : INFINITY;
  const double largest = expected.abs().max().item<double>();
  return (actual - expected).abs().max().item<double>() / std::max(largest, 1.0);
}

inline std::vector<int32_t> random_tokens(int64_t count, int vocabulary, uint32_t seed) {
  std::mt19937 bits(seed);
  std::vector<int32_t> tokens(static_cast<size_t>(count));
  for (int32_t& token : tokens) token = static_cast<int32_t>(bits() % vocabulary);
  return tokens;
}

// Weights of positions, some of them negative.
inline std::vector<float> random_weights(int64_t count) {
  std::mt19937 bits(3);
  std::vector<float> weights(static_cast<size_t>(count));
  for (float& weight : weights) weight = static_cast<float>(bits() % 1000) / 500.0f - 0.2f;
  return weights;
}

// Sizes of a loss over the vocabulary.
struct LossShape {
  int64_t positions, width;
  int vocabulary;
};

// Numbers no operation writes by chance: what is overwritten must not shine through.
inline at::Tensor stale(at::IntArrayRef sizes) { return at::full(sizes, NAN, at::kFloat); }

// Calls `body` alone, then on three threads, and gives both results.
template <typename Body>
auto alone_and_shared(const Body& body) {
  auto alone = body();
  ThreadPool pool(3);
  const ThreadPool::Use use(pool);
  return std::pair(std::move(alone), body());
}

inline bool same(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const at::Tensor& x, const at::Tensor& y) { return x.equal(y); });
}

}  // namespace erprm::testing
