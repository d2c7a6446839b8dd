// Linear layers on AMX tiles, sixteen rows at a time. A row of a tile is computed as if it were alone, and the integer
// sums are exact.
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "kernels/kernel_table.h"
#include "kernels/tiles_amx.h"

namespace erprm::amx {
namespace {

constexpr int kRun = 4;  // bytes of one output that lie together

// Panels of an int8 product that stay in the second-level cache while all rows pass over them.
constexpr int kPanelBlock = 64;
// Inputs of a bf16 product summed within the tiles before they are added to the result.
constexpr int kTileSlice = 512;

// Sixteen rows of activations over a step of inputs as bytes, x = 256 h + l with h in [-128, 127] and l in [0, 255].
struct alignas(64) Step {
  int8_t high[kTileRows][kIntegerStep];
  uint8_t low[kTileRows][kIntegerStep];
};

const Step* steps_of(const int16_t* a, int depth, int row) {
  return reinterpret_cast<const Step*>(a + static_cast<size_t>(row / kTileRows) * kTileRows * depth);
}

// The largest magnitude of x [width], or NaN where a number is not finite.
float largest_of(const float* x, int width) {
  __m512 largest = _mm512_setzero_ps(), poison = _mm512_setzero_ps();
  for (int k = 0; k < width; k += kPanel) {
    const auto wanted = static_cast<__mmask16>((uint32_t{1} << std::min(kPanel, width - k)) - 1);
    const __m512 v = _mm512_maskz_loadu_ps(wanted, x + k);
    largest = _mm512_max_ps(largest, _mm512_abs_ps(v));
    poison = _mm512_fmadd_ps(v, _mm512_setzero_ps(), poison);
  }
  return _mm512_reduce_max_ps(largest) + _mm512_reduce_add_ps(poison);
}

void quantize_rows(const float* x, size_t ldx, int rows, int width, int depth, int16_t* out, float* scales) {
  auto* steps = reinterpret_cast<Step*>(out);
  for (int r = 0; r < rows; ++r, x += ldx) {
    const float largest = largest_of(x, width);
    const bool finite = std::isfinite(largest), some = largest > 0;
    scales[r] = !finite ? NAN : some ? largest / static_cast<float>(kActivationBound) : 1.0f;
    const __m512 inverse = _mm512_set1_ps(finite && some ? static_cast<float>(kActivationBound) / largest : 0.0f);
    for (int k = 0; k < depth; k += kPanel) {
      const int count = finite ? std::clamp(width - k, 0, kPanel) : 0;
      const __m512 v = _mm512_maskz_loadu_ps(static_cast<__mmask16>((uint32_t{1} << count) - 1), count > 0 ? x + k : x);
      const __m512i integers = _mm512_cvtps_epi32(_mm512_mul_ps(v, inverse));
      Step& step = steps[static_cast<size_t>(r / kTileRows) * (depth / kIntegerStep) + k / kIntegerStep];
      const int place = k % kIntegerStep;
      _mm_store_si128(reinterpret_cast<__m128i*>(step.low[r % kTileRows] + place), _mm512_cvtepi32_epi8(integers));
      _mm_store_si128(reinterpret_cast<__m128i*>(step.high[r % kTileRows] + place),
                      _mm512_cvtepi32_epi8(_mm512_srai_epi32(integers, 8)));
    }
  }
}

int16_t integer_at(const int16_t* a, int depth, int r, int k) {
  const Step& step = steps_of(a, depth, r)[k / kIntegerStep];
  const int row = r % kTileRows, place = k % kIntegerStep;
  return static_cast<int16_t>(256 * step.high[row][place] + step.low[row][place]);
}

// Tiles of an int8 product. Macros, because GCC's intrinsics write the numbers of tiles into the assembly: two pairs of
// sums take turns, so that one is multiplied while the other is read.
#define ERPRM_GROUP_SUMS(HIGH, LOW, step, num_steps, panel, sums)     \
  do {                                                                \
    _tile_zero(HIGH);                                                 \
    _tile_zero(LOW);                                                  \
    for (int s = 0; s < num_steps; ++s) {                             \
      _tile_loadd(6, (panel) + s * kIntegerStep * kPanel, kRowBytes); \
      _tile_loadd(4, (step)[s].high, kRowBytes);                      \
      _tile_dpbssd(HIGH, 4, 6);                                       \
      _tile_loadd(5, (step)[s].low, kRowBytes);                       \
      _tile_dpbusd(LOW, 5, 6);                                        \
    }                                                                 \
    _tile_stored(HIGH, (sums).high, kRowBytes);                       \
    _tile_stored(LOW, (sums).low, kRowBytes);                         \
  } while (false)

struct alignas(64) TileSums {
  int32_t high[kTileRows][kPanel], low[kTileRows][kPanel];
};

template <int kRows>
inline __attribute__((always_inline)) void add_tile_group(const TileSums& tiles, const float* scales, __m512* sums) {
  const __m512 columns = _mm512_loadu_ps(scales);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    const __m512i high = _mm512_slli_epi32(_mm512_load_si512(tiles.high[r]), 8);
    const __m512i exact = _mm512_add_epi32(high, _mm512_load_si512(tiles.low[r]));
    sums[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(exact), columns, sums[r]);
  }
}

// kRows rows times one panel, over depth inputs. Rows of the tiles beyond kRows are not read from.
template <int kRows>
void panel_i8(const Step* rows, int depth, const int8_t* panel, const float* row_scales, const float* scales, float* c,
              size_t ldc) {
  constexpr int kSteps = kGroup / kIntegerStep;
  TileSums even, odd;
  __m512 sums[kRows];
  for (int r = 0; r < kRows; ++r) sums[r] = _mm512_setzero_ps();
  const int groups = static_cast<int>(num_groups(depth)), all = depth / kIntegerStep;
  const auto steps = [&](int g) { return std::min(kSteps, all - g * kSteps); };
  ERPRM_GROUP_SUMS(0, 1, rows, steps(0), panel, even);
  int g = 1;
  for (; g + 1 < groups; g += 2) {
    ERPRM_GROUP_SUMS(2, 3, rows + g * kSteps, kSteps, panel + g * kGroup * kPanel, odd);
    add_tile_group<kRows>(even, scales + (g - 1) * kPanel, sums);
    ERPRM_GROUP_SUMS(0, 1, rows + (g + 1) * kSteps, steps(g + 1), panel + (g + 1) * kGroup * kPanel, even);
    add_tile_group<kRows>(odd, scales + g * kPanel, sums);
  }
  if (g < groups) ERPRM_GROUP_SUMS(2, 3, rows + g * kSteps, steps(g), panel + g * kGroup * kPanel, odd);
  add_tile_group<kRows>(even, scales + (g - 1) * kPanel, sums);
  if (g < groups) add_tile_group<kRows>(odd, scales + g * kPanel, sums);
  for (int r = 0; r < kRows; ++r) {
    float* out = c + r * ldc;
    _mm512_storeu_ps(out, _mm512_fmadd_ps(sums[r], _mm512_set1_ps(row_scales[r]), _mm512_loadu_ps(out)));
  }
}

// Calls body(std::integral_constant<int, rows>) for rows in [1, 16].
template <int kRows = kTileRows, typename Body>
inline __attribute__((always_inline)) void with_rows(int rows, const Body& body) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return with_rows<kRows - 1>(rows, body);
  }
  body(std::integral_constant<int, kRows>());
}

void linear_i8(const int16_t* a, int rows, const int8_t* panels, int depth, int panel_begin, int panel_end,
               const float* row_scales, const float* scales, float* c, size_t ldc) {
  static constexpr TileConfig config = whole_tiles();
  const UseTiles tiles(config);
  const size_t panel_size = static_cast<size_t>(depth) * kPanel, panel_scales = num_groups(depth) * kPanel;
  for (int first = panel_begin; first < panel_end; first += kPanelBlock) {
    const int last = std::min(panel_end, first + kPanelBlock);
    for (int r = 0; r < rows; r += kTileRows) {
      const Step* steps = steps_of(a, depth, r);
      with_rows(std::min(kTileRows, rows - r), [&](auto count) {
        for (int p = first; p < last; ++p) {
          panel_i8<count()>(steps, depth, panels + p * panel_size, row_scales + r, scales + p * panel_scales,
                            c + r * ldc + static_cast<size_t>(p) * kPanel, ldc);
        }
      });
    }
  }
}

void split_rows(const float* x, size_t ldx, int rows, int width, int depth, uint16_t* planes) {
  const int padded_rows = (rows + kTileRows - 1) / kTileRows * kTileRows;
  const __m512i leading_bits = _mm512_set1_epi32(-65536);
  for (int r = 0; r < padded_rows; ++r) {
    uint16_t* out = planes + static_cast<size_t>(r / kTileRows) * depth * kTileRows * kPlanes +
                    static_cast<size_t>(r % kTileRows) * kTileDepth;
    for (int k = 0; k < depth; k += kTileDepth, out += kPlanes * kTile) {
      const int count = r < rows ? std::clamp(width - k, 0, kTileDepth) : 0;
      const uint32_t wanted = count == kTileDepth ? UINT32_MAX : (uint32_t{1} << count) - 1;
      const float* row = count > 0 ? x + r * ldx + k : x;
      __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(wanted), row);
      __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(wanted >> 16), row + (count > 16 ? 16 : 0));
      for (int plane = 0; plane < kPlanes; ++plane) {
        const __m512i low_bits = _mm512_and_si512(_mm512_castps_si512(low), leading_bits);
        const __m512i high_bits = _mm512_and_si512(_mm512_castps_si512(high), leading_bits);
        const __m256i first = _mm512_cvtepi32_epi16(_mm512_srli_epi32(low_bits, 16));
        const __m256i second = _mm512_cvtepi32_epi16(_mm512_srli_epi32(high_bits, 16));
        _mm512_store_si512(out + plane * kTile, _mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1));
        low = _mm512_sub_ps(low, _mm512_castsi512_ps(low_bits));
        high = _mm512_sub_ps(high, _mm512_castsi512_ps(high_bits));
      }
    }
  }
}

// Adds a tile of sums to c, rows [0, rows).
inline __attribute__((always_inline)) void add_tile(const float* sums, int rows, float* c, size_t ldc) {
  for (int r = 0; r < rows; ++r, c += ldc) {
    _mm512_storeu_ps(c, _mm512_add_ps(_mm512_loadu_ps(c), _mm512_load_ps(sums + r * kPanel)));
  }
}

// Up to 32 rows (kRowTiles tiles of them) times one or two panels, over `depth` inputs.
//   a_block, b_panel: elements from one tile of rows, or one panel, to the next
// Tiles: 0 to 3 sums, 4 and 5 rows, 6 and 7 weights.
template <int kRowTiles, int kPanels>
void tile_block(const uint16_t* a, size_t a_block, const uint16_t* b, size_t b_panel, int depth, int rows, float* c,
                size_t ldc) {
  _tile_zero(0);
  if constexpr (kPanels > 1) _tile_zero(1);
  if constexpr (kRowTiles > 1) _tile_zero(2);
  if constexpr (kRowTiles > 1 && kPanels > 1) _tile_zero(3);
  for (int k = 0; k < depth; k += kTileDepth, a += kPlanes * kTile, b += kTile) {
    _tile_loadd(6, b, kRowBytes);
    if constexpr (kPanels > 1) _tile_loadd(7, b + b_panel, kRowBytes);
#pragma GCC unroll 3
    for (int plane = 0; plane < kPlanes; ++plane) {
      _tile_loadd(4, a + plane * kTile, kRowBytes);
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (kPanels > 1) _tile_dpbf16ps(1, 4, 7);
      if constexpr (kRowTiles > 1) {
        _tile_loadd(5, a + a_block + plane * kTile, kRowBytes);
        _tile_dpbf16ps(2, 5, 6);
        if constexpr (kPanels > 1) _tile_dpbf16ps(3, 5, 7);
      }
    }
  }
  alignas(64) float sums[4][kTileRows * kPanel];
  const int first = std::min(rows, kTileRows), second = rows - first;
  _tile_stored(0, sums[0], kRowBytes);
  if constexpr (kPanels > 1) _tile_stored(1, sums[1], kRowBytes);
  if constexpr (kRowTiles > 1) _tile_stored(2, sums[2], kRowBytes);
  if constexpr (kRowTiles > 1 && kPanels > 1) _tile_stored(3, sums[3], kRowBytes);
  add_tile(sums[0], first, c, ldc);
  if constexpr (kPanels > 1) add_tile(sums[1], first, c + kPanel, ldc);
  if constexpr (kRowTiles > 1) add_tile(sums[2], second, c + kTileRows * ldc, ldc);
  if constexpr (kRowTiles > 1 && kPanels > 1) add_tile(sums[3], second, c + kTileRows * ldc + kPanel, ldc);
}

// All rows times one or two panels, over the inputs of a slice.
template <int kPanels>
void tile_rows(const uint16_t* a, size_t a_block, const uint16_t* b, size_t b_panel, int depth, int rows, float* c,
               size_t ldc) {
  int r = 0;
  for (; rows - r > kTileRows; r += 2 * kTileRows) {
    tile_block<2, kPanels>(a + r / kTileRows * a_block, a_block, b, b_panel, depth, std::min(rows - r, 2 * kTileRows),
                           c + r * ldc, ldc);
  }
  if (r < rows) {
    tile_block<1, kPanels>(a + r / kTileRows * a_block, a_block, b, b_panel, depth, rows - r, c + r * ldc, ldc);
  }
}

void linear_bf16(const uint16_t* planes, int rows, const uint16_t* tiles, int depth, int panel_begin, int panel_end,
                 float* c, size_t ldc) {
  static constexpr TileConfig config = whole_tiles();
  const UseTiles use(config);
  const size_t a_block = static_cast<size_t>(depth) * kTileRows * kPlanes;
  const size_t b_panel = static_cast<size_t>(depth) * kPanel;
  for (int p = panel_begin; p < panel_end; p += 2) {
    for (int k = 0; k < depth; k += kTileSlice) {
      const int slice = std::min(kTileSlice, depth - k);
      const uint16_t* a = planes + static_cast<size_t>(k) * kTileRows * kPlanes;
      const uint16_t* b = tiles + p * b_panel + static_cast<size_t>(k) * kPanel;
      float* out = c + static_cast<size_t>(p) * kPanel;
      if (panel_end - p > 1) {
        tile_rows<2>(a, a_block, b, b_panel, slice, rows, out, ldc);
      } else {
        tile_rows<1>(a, a_block, b, b_panel, slice, rows, out, ldc);
      }
    }
  }
}

}  // namespace

void add_linear_kernels(KernelTable& table) {
  table.quantize_rows = quantize_rows;
  table.integer_at = integer_at;
  table.linear_i8 = linear_i8;
  table.integer_run = kRun;
  table.split_rows = split_rows;
  table.linear_bf16 = linear_bf16;
}

}  // namespace erprm::amx
