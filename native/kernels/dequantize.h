// dequantize: stored numbers -> f32, for plain floats and the GGUF block formats.
//
// A row is a whole number of blocks; a block is a few scales and packed integers q, little-endian:
//   type   weights bytes  layout (f16 d, f16 m, ...)                           weight
//   F32      1      4     the number itself
//   F16      1      2     the number itself
//   BF16     1      2     the upper half of an f32
//   Q8_0    32     34     d, q i8[32]                                          d q
//   Q4_0    32     18     d, q 4 bits[32]                                      d (q - 8)
//   Q4_1    32     20     d, m, q 4 bits[32]                                   d q + m
//   Q5_0    32     22     d, fifth bits[32], q 4 bits[32]                      d (q - 16)
//   Q5_1    32     24     d, m, fifth bits[32], q 4 bits[32]                   d q + m
//   Q4_K   256    144     d, dmin, (s, t) 6 bits[8 + 8], q 4 bits[256]         (d s) q - (dmin t)
//   Q5_K   256    176     d, dmin, (s, t) 6 bits[8 + 8], fifth bits, q         (d s) q - (dmin t)
//   Q6_K   256    210     q low 4 bits[256], q high 2 bits[256], s i8[16], d   (d s) (q - 32)
// s and t belong to 32 weights (Q6_K: 16).
// Every product and sum is rounded to f32 on its own, in the order written above: other readers of these files do the
// same, and so the numbers agree to the last bit. (Hence no *_simd.cc here: those may fuse a product and a sum.)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace erprm {

enum class TensorType { kF32, kF16, kBF16, kQ8_0, kQ4_0, kQ4_1, kQ5_0, kQ5_1, kQ4_K, kQ5_K, kQ6_K };

struct TensorTypeInfo {
  std::string_view name;
  int block_weights;
  int block_bytes;
};

const TensorTypeInfo& info_of(TensorType type);

// The type called "Q4_K" and so on; none for another name.
std::optional<TensorType> tensor_type_of(std::string_view name);

// Bytes of `width` weights. REQUIRES: width is a multiple of block_weights.
int64_t row_bytes(TensorType type, int64_t width);

// out[i] = weight i, i in [0, width).   stored u8 [row_bytes(type, width)], any alignment; out f32 [width]
// REQUIRES: width is a multiple of block_weights. NaN and infinity pass through.
void dequantize(TensorType type, const uint8_t* stored, int64_t width, float* out);

}  // namespace erprm
