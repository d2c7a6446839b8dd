// Attention over keys and values in bf16 on AMX tiles, sixteen query rows at a time: as attention_simd.cc, but that
// queries, keys, values and the weights of a block are bf16 numbers, and their products are added up in tiles. The sum
// of the weights is that of the rounded ones. A row of a tile is computed as if it were alone, and keys that it does
// not see have weight 0, so what a row gives depends on nothing but the row.
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/kernel_table.h"
#include "kernels/tiles_amx.h"

namespace erprm::amx {
namespace {

constexpr int kRowsTogether = 64;  // their sums and queries stay in the first-level cache beside a block
constexpr int kKeyPanels = kKvTokens / kPanel, kWeightTiles = kKvTokens / kTileDepth;

__m256i to_bf16(__m512 x) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)); }

void store_bf16x16(__m512 x, uint16_t* to) { _mm256_store_si256(reinterpret_cast<__m256i*>(to), to_bf16(x)); }

// e^x for x <= 0, as exp8 of simd.h.
__m512 exp16(__m512 x) {
  const __mmask16 counts = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-87.0f), _CMP_NLT_UQ);
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504088896341f)), 0);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
  __m512 p = _mm512_set1_ps(1.9875691500e-4f);
  for (const float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f}) {
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(c));
  }
  p = _mm512_add_ps(_mm512_fmadd_ps(_mm512_mul_ps(p, r), r, r), _mm512_set1_ps(1.0f));
  return _mm512_maskz_scalef_ps(counts, p, n);
}

// Up to kRowsTogether rows and what they have gathered.
struct alignas(64) Gathered {
  uint16_t queries[kRowsTogether * kTiledHeadSize];  // [row / 16, D / 32, 16, 32]
  float outputs[kRowsTogether * kTiledHeadSize];     // [row, D]
  float scores[kTileRows][kKvTokens];
  uint16_t weights[kWeightTiles][kTileRows][kTileDepth];
};

void read_row(const QueryRow& row, int head_size, int r, Gathered& all) {
  const int depth = static_cast<int>(whole_tiles_of(head_size));
  uint16_t* query = all.queries + r / kTileRows * depth * kTileRows + r % kTileRows * kTileDepth;
  for (int d = 0; d < depth; d += kPanel) {
    const __m512 x = d < head_size ? _mm512_loadu_ps(row.query + d) : _mm512_setzero_ps();
    store_bf16x16(x, query + d / kTileDepth * kTile + d % kTileDepth);
  }
  std::memcpy(all.outputs + r * head_size, row.output, sizeof(float) * head_size);
}

// scores [16, 16 num_panels] = queries K^T.   Tiles: 0 to 3 scores, 4 queries, 6 and 7 keys
void multiply_keys(const uint16_t* queries, const uint16_t* keys, int depth, int num_panels, Gathered& all) {
  static_assert(kKeyPanels == 4);
  constexpr int kStride = sizeof all.scores[0];
  const size_t panel = static_cast<size_t>(depth) * kPanel;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int d = 0; d < depth; d += kTileDepth, queries += kTile, keys += kTile) {
    _tile_loadd(4, queries, kRowBytes);
    _tile_loadd(6, keys, kRowBytes);
    _tile_dpbf16ps(0, 4, 6);
    if (num_panels < 2) continue;
    _tile_loadd(7, keys + panel, kRowBytes);
    _tile_dpbf16ps(1, 4, 7);
    if (num_panels < 3) continue;
    _tile_loadd(6, keys + 2 * panel, kRowBytes);
    _tile_dpbf16ps(2, 4, 6);
    if (num_panels < 4) continue;
    _tile_loadd(7, keys + 3 * panel, kRowBytes);
    _tile_dpbf16ps(3, 4, 7);
  }
  _tile_stored(0, all.scores[0], kStride);
  _tile_stored(1, all.scores[0] + kPanel, kStride);
  _tile_stored(2, all.scores[0] + 2 * kPanel, kStride);
  _tile_stored(3, all.scores[0] + 3 * kPanel, kStride);
}

uint64_t bits_below(int count) { return count == kKvTokens ? ~uint64_t{0} : (uint64_t{1} << count) - 1; }

// Turns a row's scores into weights and rescales what the row has gathered so far. Visible keys: [begin, end).
void softmax_row(const QueryRow& row, int r, int begin, int end, int head_size, float* output, Gathered& all) {
  const uint64_t visible = bits_below(end) & ~bits_below(begin);
  __m512 scores[kKeyPanels], largest = _mm512_set1_ps(-INFINITY);
  for (int t = 0; t < kKeyPanels; ++t) {
    const __m512 x = _mm512_load_ps(all.scores[r] + t * kPanel);
    scores[t] = _mm512_mask_blend_ps(static_cast<__mmask16>(visible >> (t * kPanel)), _mm512_set1_ps(-INFINITY), x);
    largest = _mm512_max_ps(scores[t], largest);
  }
  const float before = row.state[0], maximum = std::max(before, _mm512_reduce_max_ps(largest));
  __m512 total = _mm512_setzero_ps();
  for (int t = 0; t < kKeyPanels; ++t) {
    const __m256i weights = to_bf16(exp16(_mm512_sub_ps(scores[t], _mm512_set1_ps(maximum))));
    uint16_t* to = all.weights[t * kPanel / kTileDepth][r] + t * kPanel % kTileDepth;
    _mm256_store_si256(reinterpret_cast<__m256i*>(to), weights);
    const __m512i rounded = _mm512_slli_epi32(_mm512_cvtepu16_epi32(weights), 16);
    total = _mm512_add_ps(total, _mm512_castsi512_ps(rounded));
  }
  const __m512 decay = exp16(_mm512_set1_ps(before - maximum));
  row.state[0] = maximum;
  row.state[1] = row.state[1] * _mm512_cvtss_f32(decay) + _mm512_reduce_add_ps(total);
  for (int d = 0; d < head_size; d += kPanel) {
    _mm512_storeu_ps(output + d, _mm512_mul_ps(_mm512_loadu_ps(output + d), decay));
  }
}

// Sixteen columns of the outputs. A macro, because GCC's intrinsics write the numbers of tiles into the assembly.
#define ERPRM_ADD_VALUES(OUT, outputs, values)    \
  do {                                            \
    _tile_loadd(OUT, outputs, stride);            \
    _tile_loadd(6, values, kRowBytes);            \
    _tile_dpbf16ps(OUT, 4, 6);                    \
    if (num_tiles > 1) {                          \
      _tile_loadd(7, (values) + half, kRowBytes); \
      _tile_dpbf16ps(OUT, 5, 7);                  \
    }                                             \
    _tile_stored(OUT, outputs, stride);           \
  } while (false)

// outputs [16, D] += weights V over 32 num_tiles tokens.   Tiles: 0 and 1 outputs, 4 and 5 weights, 6 and 7 values
void multiply_values(const uint16_t* values, int head_size, int num_tiles, float* outputs, const Gathered& all) {
  static_assert(kWeightTiles == 2);
  const size_t stride = head_size * sizeof(float), half = static_cast<size_t>(head_size) * kTileDepth;
  _tile_loadd(4, all.weights[0], kRowBytes);
  if (num_tiles > 1) _tile_loadd(5, all.weights[1], kRowBytes);
  int d = 0;
  for (; d + kPanel < head_size; d += 2 * kPanel, values += 2 * kTile) {
    ERPRM_ADD_VALUES(0, outputs + d, values);
    ERPRM_ADD_VALUES(1, outputs + d + kPanel, values + kTile);
  }
  if (d < head_size) ERPRM_ADD_VALUES(0, outputs + d, values);
}

void attend_together(const QueryRow* rows, int count, const KeyValueBlocks& list, Gathered& all) {
  const int head_size = list.head_size, depth = static_cast<int>(whole_tiles_of(head_size));
  int first = INT32_MAX, limit = 0;
  for (int r = 0; r < count; ++r) {
    first = std::min(first, rows[r].first);
    limit = std::max(limit, rows[r].limit);
    read_row(rows[r], head_size, r, all);
  }
  for (int start = first / kKvTokens * kKvTokens; start < limit; start += kKvTokens) {
    const auto* block = reinterpret_cast<const uint16_t*>(list.blocks[start / kKvTokens]);
    // What nobody sees of a block is left out: its weights would be 0.
    const int wide = std::min(limit - start, kKvTokens);
    for (int r = 0; r < count; r += kTileRows) {
      multiply_keys(all.queries + r * depth, block + list.key_offset, depth, (wide + kPanel - 1) / kPanel, all);
      float* outputs = all.outputs + r * head_size;
      for (int i = 0; i < std::min(kTileRows, count - r); ++i) {
        const int end = std::clamp(rows[r + i].limit - start, 0, kKvTokens);
        const int begin = std::clamp(rows[r + i].first - start, 0, end);
        softmax_row(rows[r + i], i, begin, end, head_size, outputs + i * head_size, all);
      }
      multiply_values(block + list.value_offset, head_size, (wide + kTileDepth - 1) / kTileDepth, outputs, all);
    }
  }
  for (int r = 0; r < count; ++r) {
    std::memcpy(rows[r].output, all.outputs + r * head_size, sizeof(float) * head_size);
  }
}

void attend_bf16(const QueryRow* rows, int num_rows, const KeyValueBlocks& list) {
  TileConfig config = whole_tiles();
  for (int tile = 0; tile < 6; ++tile) config.set(tile, std::min(num_rows, kTileRows), kRowBytes);
  const UseTiles tiles(config);
  Gathered all;
  for (int r = 0; r < num_rows; r += kRowsTogether) {
    attend_together(rows + r, std::min(kRowsTogether, num_rows - r), list, all);
  }
}

void store_bf16(const float* key, const float* value, int head_size, int slot, uint16_t* keys, uint16_t* values) {
  alignas(64) uint16_t rounded[2][kTiledHeadSize];
  for (int d = 0; d < head_size; d += kPanel) {
    store_bf16x16(_mm512_loadu_ps(key + d), rounded[0] + d);
    store_bf16x16(_mm512_loadu_ps(value + d), rounded[1] + d);
  }
  keys += slot / kPanel * whole_tiles_of(head_size) * kPanel + slot % kPanel * 2;
  for (int d = 0; d < head_size; d += 2) std::memcpy(keys + d / 2 * kTileDepth, rounded[0] + d, 2 * sizeof(uint16_t));
  values +=
      static_cast<size_t>(slot / kTileDepth) * head_size * kTileDepth + slot % kTileDepth / 2 * kTileDepth + slot % 2;
  for (int d = 0; d < head_size; ++d) values[d / kPanel * kTile + d % kPanel * 2] = rounded[1][d];
}

}  // namespace

void add_attention_kernels(KernelTable& table) {
  table.attend_bf16 = attend_bf16;
  table.store_bf16 = store_bf16;
}

}  // namespace erprm::amx
