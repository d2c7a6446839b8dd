// Vectors of eight floats, in the compiler's own vector arithmetic: the same source becomes AVX2 or plain SSE code.
// Included by *_simd.cc files only; everything lives in the namespace of the instruction set being compiled, so that
// no inline function of one set is ever linked into the other.
#pragma once

#include <cstdint>
#include <cstring>

namespace erprm::ERPRM_ISA {
namespace {

typedef float F32x8 __attribute__((vector_size(32)));
typedef int32_t I32x8 __attribute__((vector_size(32)));

#define ERPRM_INLINE inline __attribute__((always_inline))

ERPRM_INLINE F32x8 load8(const float* p) {
  F32x8 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
ERPRM_INLINE void store8(float* p, F32x8 v) { std::memcpy(p, &v, sizeof v); }
ERPRM_INLINE F32x8 splat8(float x) { return F32x8{x, x, x, x, x, x, x, x}; }
ERPRM_INLINE F32x8 max8(F32x8 a, F32x8 b) { return a > b ? a : b; }
ERPRM_INLINE F32x8 min8(F32x8 a, F32x8 b) { return a < b ? a : b; }
ERPRM_INLINE float sum_lanes(F32x8 v) { return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7])); }
ERPRM_INLINE float max_lanes(F32x8 v) {
  float m = v[0];
  for (int i = 1; i < 8; ++i) m = v[i] > m ? v[i] : m;
  return m;
}

// exp(x) for x <= 0, relative error below 2e-7; exactly 0 below -87; NaN for NaN. Range reduction to |r| <= ln(2)/2,
// then a polynomial, then the power of two put into the exponent bits.
ERPRM_INLINE F32x8 exp8(F32x8 x) {
  const F32x8 floor = splat8(-87.0f);
  const I32x8 vanishes = x < floor;
  x = max8(floor, x);                       // in this order a NaN stays one
  const F32x8 magic = splat8(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
  const F32x8 n = (x * splat8(1.44269504088896341f) + magic) - magic;
  F32x8 r = x - n * splat8(0.693359375f);
  r = r - n * splat8(-2.12194440e-4f);
  F32x8 p = splat8(1.9875691500e-4f);
  p = p * r + splat8(1.3981999507e-3f);
  p = p * r + splat8(8.3334519073e-3f);
  p = p * r + splat8(4.1665795894e-2f);
  p = p * r + splat8(1.6666665459e-1f);
  p = p * r + splat8(5.0000001201e-1f);
  p = p * r * r + r + splat8(1.0f);
  const I32x8 power = (__builtin_convertvector(n, I32x8) + 127) << 23;
  F32x8 scale;
  std::memcpy(&scale, &power, sizeof scale);
  const F32x8 result = p * scale;
  return vanishes ? splat8(0.0f) : result;
}

}  // namespace
}  // namespace erprm::ERPRM_ISA
