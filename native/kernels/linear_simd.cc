// Linear layers over packed weights. The product of integers is exact, so its order cannot matter; the product of
// floats runs over k in ascending order for every element, whatever the number of rows.
#include <algorithm>
#include <cmath>

#include "kernels/kernel_table.h"
#include "kernels/micro_simd.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace erprm::ERPRM_ISA {
namespace {

// Rows of an integer product taken together: GCC 12 spills accumulators when all registers are spoken for.
#if defined(__AVX512VNNI__)
constexpr int kIntegerRows = 8;
#else
constexpr int kIntegerRows = 4;
#endif

// Rows and panels of an f32 product taken together. AVX-512: 24 sums, fed by three loads and eight broadcasts. A slice
// of the panels this deep stays in the first-level cache while all rows pass over it.
#if defined(__AVX512F__)
constexpr int kBlockRows = 8, kBlockPanels = 3, kDepthSlice = 128;

// c[r, 16p .. 16p+15] += sum over k of a[r, k] * panels[p, k, 0..15], panels `panel_size` apart
template <int kRows, int kPanels>
ERPRM_INLINE void block_f32(const float* a, size_t lda, const float* panels, size_t panel_size, int depth, float* c,
                            size_t ldc) {
  F32x16 sums[kRows][kPanels];
  for (int r = 0; r < kRows; ++r) std::memcpy(sums[r], c + r * ldc, sizeof sums[r]);
  for (int k = 0; k < depth; ++k, panels += kPanel) {
    F32x16 columns[kPanels];
#pragma GCC unroll 3
    for (int p = 0; p < kPanels; ++p) std::memcpy(&columns[p], panels + p * panel_size, sizeof columns[p]);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 3
      for (int p = 0; p < kPanels; ++p) sums[r][p] += a[r * lda + k] * columns[p];
    }
  }
  for (int r = 0; r < kRows; ++r) std::memcpy(c + r * ldc, sums[r], sizeof sums[r]);
}
#else
constexpr int kBlockRows = kMicroRows, kBlockPanels = 1, kDepthSlice = 256;

template <int kRows, int kPanels>
ERPRM_INLINE void block_f32(const float* a, size_t lda, const float* panels, size_t, int depth, float* c, size_t ldc) {
  const float* rows[kRows];
  float* out[kRows];
  for (int r = 0; r < kRows; ++r) {
    rows[r] = a + r * lda;
    out[r] = c + r * ldc;
  }
  micro_block<kRows>(rows, depth, panels, kPanel, out);
}
#endif

// All rows over a slice of kPanels panels.
template <int kPanels>
void slice_f32(const float* a, size_t lda, int rows, const float* panels, size_t panel_size, int depth, float* c,
               size_t ldc) {
  for (int r = 0; r < rows; r += kBlockRows) {
    with_rows<kBlockRows>(
        std::min(kBlockRows, rows - r), [&](auto count) __attribute__((always_inline)) {
          block_f32<count(), kPanels>(a + r * lda, lda, panels, panel_size, depth, c + r * ldc, ldc);
        });
  }
}

void linear_f32(const float* a, size_t lda, int rows, const float* panels, int depth, int panel_begin, int panel_end,
                float* c, size_t ldc) {
  const size_t panel_size = static_cast<size_t>(depth) * kPanel;
  for (int p = panel_begin; p < panel_end; p += kBlockPanels) {
    for (int k = 0; k < depth; k += kDepthSlice) {
      with_rows<kBlockPanels>(std::min(kBlockPanels, panel_end - p), [&](auto count) {
        slice_f32<count()>(a + k, lda, rows, panels + p * panel_size + static_cast<size_t>(k) * kPanel, panel_size,
                           std::min(kDepthSlice, depth - k), c + static_cast<size_t>(p) * kPanel, ldc);
      });
    }
  }
}

#if defined(__AVX512VNNI__)
ERPRM_INLINE __m512i widened(const int8_t* weights) {
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights)));
}

ERPRM_INLINE int32_t pair_at(const int16_t* integers) {
  int32_t pair;
  std::memcpy(&pair, integers, sizeof pair);
  return pair;
}

// One group of one panel for kRows rows. Two sums a row, because one takes longer than it takes to begin the next.
template <int kRows>
ERPRM_INLINE void micro_i8(const int16_t* a, size_t lda, const int8_t* panel, int depth, const float* row_scales,
                           const float* scales, float* c, size_t ldc) {
  __m512i sums[kRows], others[kRows];
  for (int r = 0; r < kRows; ++r) sums[r] = others[r] = _mm512_setzero_si512();
  for (int k = 0; k < depth; k += 4, panel += 4 * kPanel) {
    const __m512i first = widened(panel), second = widened(panel + 2 * kPanel);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
      sums[r] = _mm512_dpwssd_epi32(sums[r], _mm512_set1_epi32(pair_at(a + r * lda + k)), first);
      others[r] = _mm512_dpwssd_epi32(others[r], _mm512_set1_epi32(pair_at(a + r * lda + k + 2)), second);
    }
  }
  for (int r = 0; r < kRows; ++r) sums[r] = _mm512_add_epi32(sums[r], others[r]);
  const __m512 columns = _mm512_loadu_ps(scales);
  for (int r = 0; r < kRows; ++r) {
    float* out = c + r * ldc;
    const __m512 scale = _mm512_mul_ps(_mm512_set1_ps(row_scales[r]), columns);
    _mm512_storeu_ps(out, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[r]), scale, _mm512_loadu_ps(out)));
  }
}
#elif defined(__AVX2__)
// One group of one panel for kRows rows.
template <int kRows>
ERPRM_INLINE void micro_i8(const int16_t* a, size_t lda, const int8_t* panel, int depth, const float* row_scales,
                           const float* scales, float* c, size_t ldc) {
  __m256i low[kRows], high[kRows];
  for (int r = 0; r < kRows; ++r) low[r] = high[r] = _mm256_setzero_si256();
#pragma GCC unroll 2
  for (int k = 0; k < depth; k += 2, panel += 2 * kPanel) {
    const __m256i b_low = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(panel)));
    const __m256i b_high = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(panel + kPanel)));
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      int32_t pair;
      std::memcpy(&pair, a + r * lda + k, sizeof pair);
      const __m256i x = _mm256_set1_epi32(pair);
      low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(x, b_low));
      high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(x, b_high));
    }
  }
  const __m256 scale_low = _mm256_loadu_ps(scales), scale_high = _mm256_loadu_ps(scales + 8);
  for (int r = 0; r < kRows; ++r) {
    float* out = c + r * ldc;
    const __m256 scale = _mm256_set1_ps(row_scales[r]);
    _mm256_storeu_ps(
        out, _mm256_fmadd_ps(_mm256_cvtepi32_ps(low[r]), _mm256_mul_ps(scale, scale_low), _mm256_loadu_ps(out)));
    _mm256_storeu_ps(out + 8, _mm256_fmadd_ps(_mm256_cvtepi32_ps(high[r]), _mm256_mul_ps(scale, scale_high),
                                              _mm256_loadu_ps(out + 8)));
  }
}
#else
template <int kRows>
void micro_i8(const int16_t* a, size_t lda, const int8_t* panel, int depth, const float* row_scales,
              const float* scales, float* c, size_t ldc) {
  for (int r = 0; r < kRows; ++r) {
    int32_t sums[kPanel] = {};
    for (int k = 0; k < depth; k += 2) {
      const int32_t first = a[r * lda + k], second = a[r * lda + k + 1];
      const int8_t* pair = panel + static_cast<size_t>(k) * kPanel;
      for (int n = 0; n < kPanel; ++n) sums[n] += first * pair[2 * n] + second * pair[2 * n + 1];
    }
    for (int n = 0; n < kPanel; ++n) {
      c[r * ldc + n] += static_cast<float>(sums[n]) * (row_scales[r] * scales[n]);
    }
  }
}
#endif

template <int kRows>
void panel_i8(const int16_t* a, size_t lda, const int8_t* panel, int depth, const float* row_scales,
              const float* scales, float* c, size_t ldc) {
  for (int k = 0; k < depth; k += kGroup) {
    micro_i8<kRows>(a + k, lda, panel + static_cast<size_t>(k) * kPanel, std::min(kGroup, depth - k), row_scales,
                    scales + static_cast<size_t>(k / kGroup) * kPanel, c, ldc);
  }
}

void linear_i8(const int16_t* a, int rows, const int8_t* panels, int depth, int panel_begin, int panel_end,
               const float* row_scales, const float* scales, float* c, size_t ldc) {
  for (int p = panel_begin; p < panel_end; ++p) {
    const int8_t* panel = panels + static_cast<size_t>(p) * depth * kPanel;
    const float* group_scales = scales + static_cast<size_t>(p) * num_groups(depth) * kPanel;
    for (int r = 0; r < rows; r += kIntegerRows) {
      const int16_t* row = a + static_cast<size_t>(r) * depth;
      float* out = c + r * ldc + static_cast<size_t>(p) * kPanel;
      with_rows<kIntegerRows>(std::min(kIntegerRows, rows - r), [&](auto count) {
        panel_i8<count()>(row, depth, panel, depth, row_scales + r, group_scales, out, ldc);
      });
    }
  }
}

typedef int16_t I16x8 __attribute__((vector_size(16)));

void quantize_rows(const float* x, size_t ldx, int rows, int width, int depth, int16_t* out, float* scales) {
  const int whole = width / 8 * 8;
  for (int r = 0; r < rows; ++r) {
    const float* row = x + r * ldx;
    int16_t* quantized = out + static_cast<size_t>(r) * depth;
    F32x8 most = splat8(0.0f), poison = splat8(0.0f);
    for (int k = 0; k < whole; k += 8) {
      const F32x8 v = load8(row + k);
      most = max8(most, max8(v, splat8(0.0f) - v));
      poison += v * splat8(0.0f);  // becomes NaN, and stays so, at the first number that is not finite
    }
    float largest = max_lanes(most), bad = sum_lanes(poison);
    for (int k = whole; k < width; ++k) {
      largest = std::max(largest, std::fabs(row[k]));
      bad += row[k] * 0.0f;
    }
    if (bad != 0.0f) {
      // Integers cannot say it, the scale can: every product of this row is NaN.
      scales[r] = NAN;
      std::fill_n(quantized, depth, int16_t{0});
      continue;
    }
    scales[r] = largest > 0 ? largest / static_cast<float>(kActivationBound) : 1.0f;
    const float inverse = largest > 0 ? static_cast<float>(kActivationBound) / largest : 0.0f;
    const F32x8 magic = splat8(12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest even integer
    for (int k = 0; k < whole; k += 8) {
      const F32x8 rounded = (load8(row + k) * splat8(inverse) + magic) - magic;
      const I16x8 integers = __builtin_convertvector(rounded, I16x8);
      std::memcpy(quantized + k, &integers, sizeof integers);
    }
    for (int k = whole; k < width; ++k) {
      quantized[k] = static_cast<int16_t>((row[k] * inverse + magic[0]) - magic[0]);
    }
    for (int k = width; k < depth; ++k) quantized[k] = 0;
  }
}

int16_t integer_at(const int16_t* integers, int depth, int r, int k) {
  return integers[static_cast<size_t>(r) * depth + k];
}

}  // namespace

void add_linear_kernels(KernelTable& table) {
  table.linear_f32 = linear_f32;
  table.linear_i8 = linear_i8;
  table.integer_run = 2;
  table.quantize_rows = quantize_rows;
  table.integer_at = integer_at;
}

}  // namespace erprm::ERPRM_ISA
