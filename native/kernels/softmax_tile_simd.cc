// What stands between the matrix products of attention in training: the softmax of a tile of scores, and its gradient.
#include <algorithm>
#include <cmath>

#include "kernels/kernel_table.h"
#include "kernels/simd.h"

namespace erprm::ERPRM_ISA {
namespace {

struct Span {
  int begin, end;
};

ERPRM_INLINE Span visible(TileMask mask, int row, int wide) {
  const int end = std::clamp(row + mask.limit, 0, wide);
  return {std::min(std::clamp(row + mask.first, 0, wide), end), end};
}

void softmax_tile(float* scores, size_t ld, int rows, int wide, float scale, TileMask mask, float* maxima, float* sums,
                  float* out, size_t ldo, int width) {
  for (int r = 0; r < rows; ++r, scores += ld, out += ldo) {
    const Span seen = visible(mask, r, wide);
    if (seen.begin == seen.end) {
      std::fill(scores, scores + wide, 0.0f);
      continue;
    }
    std::fill(scores, scores + seen.begin, -INFINITY);
    std::fill(scores + seen.end, scores + wide, -INFINITY);
    F32x8 largest = load8(scores);
    for (int j = 8; j < wide; j += 8) largest = max8(load8(scores + j), largest);
    const float before = maxima[r], maximum = std::max(before, max_lanes(largest) * scale);
    F32x8 total = splat8(0.0f);
    for (int j = 0; j < wide; j += 8) {
      const F32x8 weight = exp8(load8(scores + j) * splat8(scale) - splat8(maximum));
      store8(scores + j, weight);
      total += weight;
    }
    const float decay = exp8(splat8(before - maximum))[0];
    maxima[r] = maximum;
    sums[r] = sums[r] * decay + sum_lanes(total);
    if (decay == 1.0f) continue;
    for (int i = 0; i < width; i += 8) store8(out + i, load8(out + i) * splat8(decay));
  }
}

void softmax_finish(const float* maxima, const float* sums, int rows, float* out, size_t ldo, int width,
                    float* log_sums, size_t log_stride) {
  for (int r = 0; r < rows; ++r, out += ldo) {
    const F32x8 inverse = splat8(1.0f / sums[r]);
    for (int i = 0; i < width; i += 8) store8(out + i, load8(out + i) * inverse);
    log_sums[r * log_stride] = maxima[r] + std::log(sums[r]);
  }
}

void softmax_tile_backward(float* scores, float* products, size_t ld, int rows, int wide, float scale, TileMask mask,
                           const float* log_sums, const float* own) {
  for (int r = 0; r < rows; ++r, scores += ld, products += ld) {
    const Span seen = visible(mask, r, wide);
    const F32x8 shift = splat8(log_sums[r]), mean = splat8(own[r]), factor = splat8(scale);
    for (int j = seen.begin / 8 * 8; j < seen.end; j += 8) {
      const F32x8 weight = exp8(load8(scores + j) * factor - shift);
      store8(scores + j, weight);
      store8(products + j, weight * (load8(products + j) - mean) * factor);
    }
    for (float* masked : {scores, products}) {
      std::fill(masked, masked + seen.begin, 0.0f);
      std::fill(masked + seen.end, masked + wide, 0.0f);
    }
  }
}

float dot(const float* a, const float* b, int width) {
  F32x8 sum = splat8(0.0f);
  for (int i = 0; i < width; i += 8) sum += load8(a + i) * load8(b + i);
  return sum_lanes(sum);
}

}  // namespace

void add_softmax_tile_kernels(KernelTable& table) {
  table.training.softmax_tile = softmax_tile;
  table.training.softmax_finish = softmax_finish;
  table.training.softmax_tile_backward = softmax_tile_backward;
  table.training.dot = dot;
}

}  // namespace erprm::ERPRM_ISA
