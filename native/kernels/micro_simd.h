// The one inner loop of every matrix product here: up to six rows times sixteen columns, sums over k in ascending order.
// Twelve accumulators, two columns vectors and one broadcast fill the sixteen AVX2 registers.
#pragma once

#include <cstddef>

#include "kernels/simd.h"

namespace erprm::ERPRM_ISA {
namespace {

constexpr int kMicroRows = 6;

// c[r][0..15] += sum over k of a[r][k] * b[k * ldb + 0..15]
template <int kRows>
ERPRM_INLINE void micro_block(const float* const* a, int depth, const float* b, size_t ldb, float* const* c) {
  F32x8 low[kRows], high[kRows];
  for (int r = 0; r < kRows; ++r) {
    low[r] = load8(c[r]);
    high[r] = load8(c[r] + 8);
  }
  const float* rows[kRows];
  for (int r = 0; r < kRows; ++r) rows[r] = a[r];
  for (int k = 0; k < depth; ++k, b += ldb) {
    const F32x8 b_low = load8(b), b_high = load8(b + 8);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      const F32x8 x = splat8(rows[r][k]);
      low[r] += x * b_low;
      high[r] += x * b_high;
    }
  }
  for (int r = 0; r < kRows; ++r) {
    store8(c[r], low[r]);
    store8(c[r] + 8, high[r]);
  }
}

ERPRM_INLINE void micro(int rows, const float* const* a, int depth, const float* b, size_t ldb, float* const* c) {
  switch (rows) {
    case 6: return micro_block<6>(a, depth, b, ldb, c);
    case 5: return micro_block<5>(a, depth, b, ldb, c);
    case 4: return micro_block<4>(a, depth, b, ldb, c);
    case 3: return micro_block<3>(a, depth, b, ldb, c);
    case 2: return micro_block<2>(a, depth, b, ldb, c);
    default: return micro_block<1>(a, depth, b, ldb, c);
  }
}

}  // namespace
}  // namespace erprm::ERPRM_ISA
