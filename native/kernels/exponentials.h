// Exponentials and logarithms near 1 of eight doubles at a time. Included by *_simd.cc files only, see simd.h.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/simd.h"

namespace erprm::ERPRM_ISA {
namespace {

typedef double F64x8 __attribute__((vector_size(64)));
typedef int64_t I64x8 __attribute__((vector_size(64)));

ERPRM_INLINE F64x8 wide(double x) { return F64x8{x, x, x, x, x, x, x, x}; }
ERPRM_INLINE F64x8 widen(F32x8 v) { return __builtin_convertvector(v, F64x8); }
ERPRM_INLINE double sum_lanes(F64x8 v) { return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7])); }

template <typename To, typename From>
ERPRM_INLINE To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

// exp(y) - 1 for y <= 0, relative error below 1e-10. y = n ln 2 + r with |r| <= ln(2)/2; the Taylor polynomial of
// expm1(r); then 2^n expm1(r) + (2^n - 1), which keeps the relative precision of a small y because then n = 0.
ERPRM_INLINE F64x8 expm1_of_negative(F64x8 y) {
  y = y > wide(-700.0) ? y : wide(-700.0);       // exp(-700) is nothing beside 1, and 2^n stays a normal number
  const F64x8 magic = wide(6755399441055744.0);  // 1.5 * 2^52: adding it rounds to an integer
  const F64x8 shifted = y * wide(1.4426950408889634) + magic;
  const F64x8 n = shifted - magic;
  const F64x8 r = (y - n * wide(0.693147180369123816490)) - n * wide(1.90821492927058770002e-10);
  constexpr double kTaylor[] = {1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2};
  F64x8 p = wide(1.0 / 362880);
  for (const double factor : kTaylor) p = p * r + wide(factor);
  p = p * r * r + r;
  const I64x8 exponent = bits_as<I64x8>(shifted) - bits_as<I64x8>(magic) + 1023;
  const F64x8 power = bits_as<F64x8>(exponent << 52);
  return power * p + (power - wide(1.0));
}

// ln(1 + x) for -1 < x <= 0, 1 + x a normal number, relative error below 1e-13. With u = 1 + x rounded and its
// rounding given back, u = 2^n m, m in [1/sqrt 2, sqrt 2), ln m = 2 artanh(s), s = (m - 1)/(m + 1).
ERPRM_INLINE F64x8 log1p_of_negative(F64x8 x) {
  const F64x8 u = wide(1.0) + x, lost = x - (u - wide(1.0));
  const int64_t half = 0x3fe6a09e667f3bcd;  // 1/sqrt 2
  const I64x8 shift = (bits_as<I64x8>(u) - half) >> 52;
  const F64x8 m = bits_as<F64x8>(bits_as<I64x8>(u) - (shift << 52));
  const F64x8 n = __builtin_convertvector(shift, F64x8);
  const F64x8 s = (m - wide(1.0)) / (m + wide(1.0)), square = s * s;
  constexpr double kSeries[] = {2.0 / 15, 2.0 / 13, 2.0 / 11, 2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3};
  F64x8 p = wide(2.0 / 17);
  for (const double factor : kSeries) p = p * square + wide(factor);
  return n * wide(0.6931471805599453) + (s * wide(2.0) + (s * square * p + lost / u));
}

}  // namespace
}  // namespace erprm::ERPRM_ISA
