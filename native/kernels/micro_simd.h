// The one inner loop of every matrix product here: a few rows times sixteen columns, sums over k in ascending order.
// AVX2: six rows, so that twelve accumulators, two column vectors and one broadcast fill the sixteen registers.
// AVX-512: twelve rows of one accumulator each; the broadcast is part of the multiply-add.
#pragma once

#include <cstddef>
#include <type_traits>

#include "kernels/simd.h"

namespace erprm::ERPRM_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kMicroRows = 12;

typedef float F32x16 __attribute__((vector_size(64)));

// c[r][0..15] += sum over k of a[r][k] * b[k * ldb + 0..15]
template <int kRows>
ERPRM_INLINE void micro_block(const float* const* a, int depth, const float* b, size_t ldb, float* const* c) {
  F32x16 sums[kRows];
  const float* rows[kRows];
  for (int r = 0; r < kRows; ++r) {
    std::memcpy(&sums[r], c[r], sizeof sums[r]);
    rows[r] = a[r];
  }
  for (int k = 0; k < depth; ++k, b += ldb) {
    F32x16 columns;
    std::memcpy(&columns, b, sizeof columns);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) sums[r] += rows[r][k] * columns;
  }
  for (int r = 0; r < kRows; ++r) std::memcpy(c[r], &sums[r], sizeof sums[r]);
}
#else
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

#endif

// Calls body(std::integral_constant<int, rows>) for rows in [1, kMicroRows], so that the count is known when compiling.
template <int kRows = kMicroRows, typename Body>
ERPRM_INLINE void with_rows(int rows, const Body& body) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return with_rows<kRows - 1>(rows, body);
  }
  body(std::integral_constant<int, kRows>());
}

ERPRM_INLINE void micro(int rows, const float* const* a, int depth, const float* b, size_t ldb, float* const* c) {
  with_rows(
      rows, [&](auto count) __attribute__((always_inline)) { micro_block<count()>(a, depth, b, ldb, c); });
}

}  // namespace
}  // namespace erprm::ERPRM_ISA
