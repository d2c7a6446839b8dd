// The CPU kernels of the transformer, one function pointer each, chosen once for the processor at hand.
// Every *_simd.cc file is compiled once for each instruction set, into namespaces erprm::generic, avx2 and avx512.
//
// Row rule: the result for a row depends on that row alone. Every reduction runs in one fixed order whatever the number
// of rows, the split over threads, or the rows beside it. This is what makes a completion independent of its company.
//
// Widths: a row buffer is padded to kLane floats; the padding is zero and stays zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/training_table.h"

namespace erprm {

inline constexpr int kPanel = 16;          // output columns in one packed panel of a weight matrix
inline constexpr int kKvTokens = 64;       // tokens in one block of keys and values
inline constexpr int kProductDepth = 384;  // terms summed in registers before they are added to the result
inline constexpr int kGroup = 128;         // inputs that share one scale in an int8 weight row
inline constexpr int kIntegerStep =
    64;                                // the depth of int8 products is a multiple of this; a last group may be shorter
inline constexpr int kTileRows = 16;   // rows of a tile of bf16 numbers
inline constexpr int kTileDepth = 32;  // numbers in a row of one
inline constexpr int kTiledHeadSize = 256;  // the widest head of attention on tiles
inline constexpr int kPlanes = 3;           // bf16 numbers that add up to an f32 number, exactly

// Activations are rounded to integers of at most this size: a group's sum, 128 * 127 * 32767, stays within 32 bits.
inline constexpr int kActivationBound = 32767;

// Numbers rounded up to whole rows of a tile.
inline constexpr int64_t whole_tiles_of(int64_t depth) { return (depth + kTileDepth - 1) / kTileDepth * kTileDepth; }

inline constexpr int64_t num_groups(int64_t depth) { return (depth + kGroup - 1) / kGroup; }

inline constexpr int64_t padded(int64_t width) { return (width + kPanel - 1) / kPanel * kPanel; }

// One query row (a token and a head) and the keys it may see: tokens [first, limit) of a block list.
struct QueryRow {
  const float* query;  // [D], already scaled by 1/sqrt(D)
  float* output;       // [D], un-normalised running sum
  float* state;        // [2]: running maximum, running sum of exponentials
  int32_t first;
  int32_t limit;
};

// The block list of one kv head: block b holds tokens [b*kKvTokens, (b+1)*kKvTokens).
struct KeyValueBlocks {
  float* const* blocks;  // base address of each block
  size_t key_offset;     // numbers from the base to keys   f32 [kKvTokens/kPanel, D, kPanel]
  size_t value_offset;   // numbers from the base to values f32 [kKvTokens, D]
  int head_size;         // D, a multiple of kPanel
};

struct SamplingOptions {
  float temperature;  // 0 = greedy
  int32_t top_k;      // 0 = off
  float top_p;        // 1 = off
  float min_p;        // 0 = off
};

struct SampledToken {
  int32_t token;          // -1: the logits are not finite
  float log_probability;  // ln p at the sampling temperature before truncation; at temperature 0, of temperature 1
};

struct KernelTable {
  const char* name;

  // c[r, 16p..16p+15] += sum over k of a[r, k] * panels[p, k, 0..15]   for r in [0, rows), p in [panel_begin,
  // panel_end)
  //   a f32 [rows, lda], panels f32 [N/16, depth, 16], c f32 [rows, ldc]
  void (*linear_f32)(const float* a, size_t lda, int rows, const float* panels, int depth, int panel_begin,
                     int panel_end, float* c, size_t ldc);

  // The same with integers: c[r, n] += row_scales[r] * sum over groups g of scales[g, n] * (exact integer sum in g).
  // kIntegerStep divides depth.
  //   a as quantize_rows leaves it, panels i8 [N/16, depth/integer_run, 16, integer_run], scales f32
  //   [N/16, num_groups(depth), 16]
  void (*linear_i8)(const int16_t* a, int rows, const int8_t* panels, int depth, int panel_begin, int panel_end,
                    const float* row_scales, const float* scales, float* c, size_t ldc);

  int integer_run;  // consecutive inputs of one output that lie together in panels of int8: 2 or 4

  // Products on matrix tiles; null where there are none. An f32 number is the exact sum of three bf16 numbers, its
  // planes: each holds the eight leading bits of what those before it left. A product of bf16 numbers is exact in f32,
  // so with weights that are bf16 numbers, as in most checkpoints, three tile products give what an f32 product gives.
  //
  // planes bf16 [ceil(rows/16), depth/32, kPlanes, 16, 32] of x f32 [rows, ldx], of which `width` columns count; zero
  // for rows and columns beyond. 32 divides depth; `planes` is aligned to 64 bytes. The products of a row with a number
  // that is not finite are not finite.
  void (*split_rows)(const float* x, size_t ldx, int rows, int width, int depth, uint16_t* planes);
  // c[r, 16p..16p+15] += sum over k of x[r, k] * tiles[p, k/32, k%32/2, 0..15, k%2]
  //   planes as split_rows leaves them;  tiles bf16 [N/16, depth/32, 16, 16, 2], aligned to 64 bytes;  c f32 [rows,
  //   ldc]
  void (*linear_bf16)(const uint16_t* planes, int rows, const uint16_t* tiles, int depth, int panel_begin,
                      int panel_end, float* c, size_t ldc);

  // c[r, n] = (add ? c[r, n] : 0) + sum over k < depth of a[r, k] * panels[n / 16, k, n % 16]
  // for r in [0, rows), n in [0, columns).   panels f32 [ceil(columns / 16), depth, 16]
  //   a f32 [rows, lda], or with lda = 0 packed like the other factor: a[r, k] is a[r / 16, k, r % 16]
  void (*product_f32)(const float* a, size_t lda, int rows, const float* panels, int depth, int columns, bool add,
                      float* c, size_t ldc);

  // panels[n / 16, k, n % 16] = b[n * column_step + k * depth_step]; zero for n >= columns. One of the two steps is 1.
  void (*pack_panels)(const float* b, size_t column_step, size_t depth_step, int depth, int columns, float* panels);

  // integer_at(out, depth, r, k) = round(x[r, k] / scales[r]), scales[r] = max |x[r, :]| / kActivationBound (1 for a
  // zero row), and 0 for k >= width. A row that is not finite becomes zeros with a scale of NaN.
  //   out aligned to 64 bytes, depth i16 for each row of whole tiles: rows rounded up to kTileRows
  void (*quantize_rows)(const float* x, size_t ldx, int rows, int width, int depth, int16_t* out, float* scales);
  // The order is the table's own.
  int16_t (*integer_at)(const int16_t* integers, int depth, int r, int k);

  // out[r, i] = x[r, i] / sqrt(mean over i < width of x[r, i]^2 + epsilon) * weight[i]; width padded on both sides.
  void (*rms_norm)(const float* x, size_t ldx, int rows, int width, const float* weight, float epsilon, float* out,
                   size_t ldo);

  // In place, half-split rotation: (x[i], x[i + D/2]) by the angle whose cosine and sine are given, then times `scale`.
  void (*rotate)(float* head, int head_size, const float* cosines, const float* sines, float scale);

  // out[r, i] = silu(gate_up[r, i]) * gate_up[r, width + i], width a multiple of 16.
  void (*swiglu)(const float* gate_up, size_t ld, int rows, int width, float* out, size_t ldo);

  // Continues each row's attention over its visible tokens of the block list:
  //   state, output <- online softmax over tokens [first, limit).  Rows may differ in `first` and `limit`.
  void (*attend)(const QueryRow* rows, int num_rows, const KeyValueBlocks& list);

  // The same on matrix tiles over keys and values in bf16, where there are tiles, else null. Queries are rounded to
  // bf16, and so are a block's weights before the values come in; sums are f32. D is at most kTiledHeadSize.
  //   keys bf16 [kKvTokens/16, D'/32, 16, 16, 2], D' = whole_tiles_of(D): zeros beyond D;
  //   values bf16 [kKvTokens/32, D/16, 16, 16, 2]; blocks aligned to 64 bytes and finite throughout
  void (*attend_bf16)(const QueryRow* rows, int num_rows, const KeyValueBlocks& list);
  // Rounds one token's key and value, f32 [D] each, into place `slot` of such a block's keys and values.
  void (*store_bf16)(const float* key, const float* value, int head_size, int slot, uint16_t* keys, uint16_t* values);

  // One token from logits f32 [vocabulary], given one uniform number in [0, 1). Order of truncation: top-k, top-p,
  // min-p, each on what the one before left. Scratch f32 [vocabulary + 16].
  SampledToken (*sample_token)(const float* logits, int vocabulary, const SamplingOptions& options, double uniform,
                               float* scratch);

  // ln p of `token` under softmax(logits / temperature), temperature > 0. Scratch as above.
  float (*log_probability)(const float* logits, int vocabulary, float temperature, int token, float* scratch);

  TrainingKernels training;
};

// Every table this processor can run, the portable one first, the best last. Thread-safe.
const std::vector<KernelTable>& kernel_tables();

// The table in use: the best one.
const KernelTable& kernel_table();

}  // namespace erprm
