// Products of f32 matrices on packed panels: a tile of rows and panels whose sums stay in registers for a whole depth
// block. AVX-512: 8 rows x 3 panels are 24 accumulators, fed by 3 loads and 8 broadcasts; AVX2: 6 rows x 1 panel of two
// vectors are 12; the portable code 4 x 1.
#include <algorithm>

#include "kernels/kernel_table.h"
#include "kernels/simd.h"

namespace erprm::ERPRM_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kTileRows = 8, kTilePanels = 3, kLanes = 16;
typedef float Lanes __attribute__((vector_size(64)));
#elif defined(__AVX2__)
constexpr int kTileRows = 6, kTilePanels = 1, kLanes = 8;
typedef F32x8 Lanes;
#else
constexpr int kTileRows = 4, kTilePanels = 1, kLanes = 4;
typedef float Lanes __attribute__((vector_size(16)));
#endif
constexpr int kVectors = kPanel / kLanes;

// The left factor: rows that lie `step` apart, or one packed panel of up to 16 rows.
template <bool kPacked>
struct Left {
  const float* base;
  size_t step;
  ERPRM_INLINE float at(int r, int k) const { return kPacked ? base[k * kPanel + r] : base[r * step + k]; }
  ERPRM_INLINE void skip(int rows) { base += kPacked ? rows : rows * step; }
};

// tile [kRows, kPanels * 16] = sum over k of left(r, k) * panels[p, k, 0..15]
template <int kRows, int kPanels, bool kPacked>
ERPRM_INLINE void tile_sums(const Left<kPacked>& left, const float* panels, size_t panel_size, int depth,
                            Lanes (&sums)[kRows][kPanels * kVectors]) {
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kPanels * kVectors; ++v) sums[r][v] = Lanes{};
  }
  for (int k = 0; k < depth; ++k, panels += kPanel) {
    Lanes columns[kPanels * kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kPanels * kVectors; ++v) {
      std::memcpy(&columns[v], panels + (v / kVectors) * panel_size + (v % kVectors) * kLanes, sizeof(Lanes));
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Lanes x = left.at(r, k) - Lanes{};  // a broadcast: x - 0 is x, of -0 too
#pragma GCC unroll 8
      for (int v = 0; v < kPanels * kVectors; ++v) sums[r][v] += x * columns[v];
    }
  }
}

template <int kRows, int kPanels, bool kPacked>
ERPRM_INLINE void tile(const Left<kPacked>& left, const float* panels, size_t panel_size, int depth, int columns,
                       bool add, float* c, size_t ldc) {
  // The result is far away, the sums take long: fetched now, it is there when they are done.
  for (int r = 0; r < kRows; ++r) {
    for (int n = 0; n < columns; n += 16) __builtin_prefetch(c + r * ldc + n, 1);
  }
  Lanes sums[kRows][kPanels * kVectors];
  tile_sums<kRows, kPanels>(left, panels, panel_size, depth, sums);
  if (columns == kPanels * kPanel) {
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kPanels * kVectors; ++v) {
        float* out = c + r * ldc + v * kLanes;
        if (add) {
          Lanes before;
          std::memcpy(&before, out, sizeof before);
          sums[r][v] += before;
        }
        std::memcpy(out, &sums[r][v], sizeof(Lanes));
      }
    }
    return;
  }
  alignas(64) float values[kPanels * kPanel];
  for (int r = 0; r < kRows; ++r) {
    std::memcpy(values, sums[r], sizeof values);
    float* out = c + r * ldc;
    for (int n = 0; n < columns; ++n) out[n] = add ? out[n] + values[n] : values[n];
  }
}

template <int kRows, int kPanels, bool kPacked>
ERPRM_INLINE void tiles(Left<kPacked>& left, int& rows, const float* panels, size_t panel_size, int depth, int columns,
                        bool add, float*& c, size_t ldc) {
  for (; rows >= kRows; rows -= kRows, left.skip(kRows), c += kRows * ldc) {
    tile<kRows, kPanels>(left, panels, panel_size, depth, columns, add, c, ldc);
  }
}

// All rows of `left` over kPanels panels.
template <int kPanels, bool kPacked>
void stripe(Left<kPacked> left, int rows, const float* panels, size_t panel_size, int depth, int columns, bool add,
            float* c, size_t ldc) {
  tiles<kTileRows, kPanels>(left, rows, panels, panel_size, depth, columns, add, c, ldc);
  if constexpr (kTileRows > 4) tiles<4, kPanels>(left, rows, panels, panel_size, depth, columns, add, c, ldc);
  tiles<1, kPanels>(left, rows, panels, panel_size, depth, columns, add, c, ldc);
}

template <int kPanels>
void stripe_of(const float* a, size_t lda, int rows, const float* panels, size_t panel_size, int depth, int columns,
               bool add, float* c, size_t ldc) {
  if (lda > 0) return stripe<kPanels>(Left<false>{a, lda}, rows, panels, panel_size, depth, columns, add, c, ldc);
  for (int r = 0; r < rows; r += kPanel, a += panel_size) {
    stripe<kPanels>(Left<true>{a, 0}, std::min(kPanel, rows - r), panels, panel_size, depth, columns, add, c + r * ldc,
                    ldc);
  }
}

void product_f32(const float* a, size_t lda, int rows, const float* panels, int depth, int columns, bool add, float* c,
                 size_t ldc) {
  const size_t panel_size = static_cast<size_t>(depth) * kPanel;
  while (columns > 0) {
    const int left = (columns + kPanel - 1) / kPanel;
    const int count = std::min(kTilePanels, left == 4 ? 2 : left), some = std::min(columns, count * kPanel);
    if (count == 1) {
      stripe_of<1>(a, lda, rows, panels, panel_size, depth, some, add, c, ldc);
    } else if (count == 2) {
      stripe_of<std::min(2, kTilePanels)>(a, lda, rows, panels, panel_size, depth, some, add, c, ldc);
    } else {
      stripe_of<std::min(3, kTilePanels)>(a, lda, rows, panels, panel_size, depth, some, add, c, ldc);
    }
    columns -= some;
    panels += count * panel_size;
    c += some;
  }
}

// Eight rows of eight become eight columns.
ERPRM_INLINE void transpose8(const float* rows, size_t ld, float* out) {
  F32x8 a[8], b[8];
  for (int i = 0; i < 8; ++i) a[i] = load8(rows + i * ld);
  for (int i = 0; i < 8; i += 2) {
    b[i] = __builtin_shuffle(a[i], a[i + 1], I32x8{0, 8, 2, 10, 4, 12, 6, 14});
    b[i + 1] = __builtin_shuffle(a[i], a[i + 1], I32x8{1, 9, 3, 11, 5, 13, 7, 15});
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; ++j) {
      a[i + j] = __builtin_shuffle(b[i + j], b[i + j + 2], I32x8{0, 1, 8, 9, 4, 5, 12, 13});
      a[i + j + 2] = __builtin_shuffle(b[i + j], b[i + j + 2], I32x8{2, 3, 10, 11, 6, 7, 14, 15});
    }
  }
  for (int j = 0; j < 4; ++j) {
    store8(out + j * kPanel, __builtin_shuffle(a[j], a[j + 4], I32x8{0, 1, 2, 3, 8, 9, 10, 11}));
    store8(out + (j + 4) * kPanel, __builtin_shuffle(a[j], a[j + 4], I32x8{4, 5, 6, 7, 12, 13, 14, 15}));
  }
}

// One panel of at most 16 rows b [columns, >= depth].
void pack_transposed(const float* b, size_t ldb, int depth, int columns, float* panel) {
  const int whole = columns == kPanel ? depth / 8 * 8 : 0;
  for (int k = 0; k < whole; k += 8) {
    transpose8(b + k, ldb, panel + k * kPanel);
    transpose8(b + 8 * ldb + k, ldb, panel + k * kPanel + 8);
  }
  for (int k = whole; k < depth; ++k) {
    for (int n = 0; n < kPanel; ++n) panel[k * kPanel + n] = n < columns ? b[n * ldb + k] : 0.0f;
  }
}

void pack_panels(const float* b, size_t column_step, size_t depth_step, int depth, int columns, float* panels) {
  for (int n = 0; n < columns; n += kPanel, panels += static_cast<size_t>(depth) * kPanel) {
    const int some = std::min(columns - n, kPanel);
    if (depth_step == 1) {
      pack_transposed(b + n * column_step, column_step, depth, some, panels);
      continue;
    }
    for (int k = 0; k < depth; ++k) {
      const float* from = b + k * depth_step + n;
      float* to = panels + k * kPanel;
      if (some == kPanel) {
        std::memcpy(to, from, kPanel * sizeof(float));
      } else {
        for (int i = 0; i < kPanel; ++i) to[i] = i < some ? from[i] : 0.0f;
      }
    }
  }
}

}  // namespace

void add_product_kernels(KernelTable& table) {
  table.product_f32 = product_f32;
  table.pack_panels = pack_panels;
}

}  // namespace erprm::ERPRM_ISA
