// Loops over any number of floats: whole vectors of eight, then what is left, by the same body.
#pragma once

#include <type_traits>

#include "kernels/simd.h"

namespace erprm::ERPRM_ISA {
namespace {

using Whole = std::integral_constant<int, 8>;

ERPRM_INLINE F32x8 load(const float* p, Whole) { return load8(p); }
ERPRM_INLINE void store(float* p, F32x8 v, Whole) { store8(p, v); }

// The first `count` lanes, 1 to 7; the others are zero.
ERPRM_INLINE F32x8 load(const float* p, int count) {
  F32x8 v = splat8(0.0f);
  for (int i = 0; i < count; ++i) v[i] = p[i];
  return v;
}
ERPRM_INLINE void store(float* p, F32x8 v, int count) {
  for (int i = 0; i < count; ++i) p[i] = v[i];
}

// body(i, lanes) with load(p + i, lanes) and store(p + i, v, lanes) inside, for i = 0, 8, ... below count.
template <typename Body>
ERPRM_INLINE void for_lanes(int64_t count, const Body& body) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) body(i, Whole());
  if (i < count) body(i, static_cast<int>(count - i));
}

}  // namespace
}  // namespace erprm::ERPRM_ISA
