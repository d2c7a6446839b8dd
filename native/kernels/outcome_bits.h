// Outcomes of 0 and 1 as bits: a segment's sum is then a count of bits, whatever its length and place. Included by
// *_simd.cc files only, see simd.h.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "kernels/simd.h"

namespace erprm::ERPRM_ISA {
namespace {

// A run of outcomes that stays in the first-level cache while their labels are made.
constexpr int kRunOutcomes = 2048;
constexpr int kWord = 64;

struct OutcomeBits {
  // Bit i: outcome i is 1; is neither 0 nor 1. A word more than needed, for reads that cross the end.
  uint64_t ones[kRunOutcomes / kWord + 1], others[kRunOutcomes / kWord + 1];
  bool any_other;
};

// Bits of 64 outcomes that equal `value`.
inline uint64_t equal_bits(const float* outcomes, float value) {
  uint64_t bits = 0;
#if defined(__AVX512F__)
  const __m512 wanted = _mm512_set1_ps(value);
  for (int i = 0; i < kWord; i += 16) {
    bits |= uint64_t{_mm512_cmp_ps_mask(_mm512_loadu_ps(outcomes + i), wanted, _CMP_EQ_OQ)} << i;
  }
#elif defined(__AVX2__)
  const __m256 wanted = _mm256_set1_ps(value);
  for (int i = 0; i < kWord; i += 8) {
    const __m256 equal = _mm256_cmp_ps(_mm256_loadu_ps(outcomes + i), wanted, _CMP_EQ_OQ);
    bits |= uint64_t{static_cast<uint32_t>(_mm256_movemask_ps(equal))} << i;
  }
#else
  for (int i = 0; i < kWord; ++i) bits |= uint64_t{outcomes[i] == value} << i;
#endif
  return bits;
}

// count in [0, kRunOutcomes]
inline void read_bits(const float* outcomes, int64_t count, OutcomeBits& out) {
  uint64_t others = 0;
  const auto read_word = [&](int64_t w, const float* from) {
    out.ones[w] = equal_bits(from, 1.0f);
    out.others[w] = ~(out.ones[w] | equal_bits(from, 0.0f));
    others |= out.others[w];
  };
  int64_t w = 0;
  for (; (w + 1) * kWord <= count; ++w) read_word(w, outcomes + w * kWord);
  if (const int64_t rest = count - w * kWord; rest > 0) {
    float last[kWord] = {};
    std::memcpy(last, outcomes + w * kWord, static_cast<size_t>(rest) * sizeof(float));
    read_word(w++, last);
  }
  out.ones[w] = out.others[w] = 0;
  out.any_other = others != 0;
}

// Bits set in [begin, begin + count), count at most kWord and at least 1.
ERPRM_INLINE int64_t count_few_bits(const uint64_t* bits, int64_t begin, int64_t count) {
  const int64_t w = begin / kWord, shift = begin % kWord;
  const uint64_t word = bits[w] >> shift | bits[w + 1] << 1 << (kWord - 1 - shift);
  return __builtin_popcountll(word & (~uint64_t{0} >> (kWord - count)));
}

// The same for any count.
inline int64_t count_bits(const uint64_t* bits, int64_t begin, int64_t count) {
  int64_t sum = 0;
  for (; count > kWord; begin += kWord, count -= kWord) sum += count_few_bits(bits, begin, kWord);
  return count > 0 ? sum + count_few_bits(bits, begin, count) : sum;
}

}  // namespace
}  // namespace erprm::ERPRM_ISA
