#include "kernels/dequantize.h"

#include <bit>
#include <cstring>
#include <iterator>

namespace erprm {
namespace {

constexpr TensorTypeInfo kTypes[] = {
    {"F32", 1, 4},    {"F16", 1, 2},    {"BF16", 1, 2},     {"Q8_0", 32, 34},   {"Q4_0", 32, 18},   {"Q4_1", 32, 20},
    {"Q5_0", 32, 22}, {"Q5_1", 32, 24}, {"Q4_K", 256, 144}, {"Q5_K", 256, 176}, {"Q6_K", 256, 210},
};

template <typename T>
T load(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// IEEE half -> single, exact. A denormal half counts 2^-24; so does the lowest bit of a single in [1/2, 1).
float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t magnitude = half & 0x7fff;
  const uint32_t infinite = magnitude >= 0x7c00 ? 0x7f800000 : 0;
  const uint32_t normal = ((magnitude << 13) + (112u << 23)) | infinite;
  const float denormal = std::bit_cast<float>(magnitude | (126u << 23)) - 0.5f;
  return std::bit_cast<float>((magnitude < 0x0400 ? std::bit_cast<uint32_t>(denormal) : normal) | sign);
}

float load_half(const uint8_t* at) { return half_to_float(load<uint16_t>(at)); }

void block_q8_0(const uint8_t* block, float* out) {
  const float d = load_half(block);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(static_cast<int8_t>(block[2 + i]));
}

// Packed integers of a 32-weight block: byte i holds weight i in its low and weight i + 16 in its high four bits.
// `fifth` holds bit 4 of weight i at bit i.
void unpack_32(const uint8_t* packed, uint32_t fifth, int* q) {
  for (int i = 0; i < 16; ++i) {
    q[i] = (packed[i] & 15) | static_cast<int>((fifth >> i & 1) << 4);
    q[i + 16] = (packed[i] >> 4) | static_cast<int>((fifth >> (i + 16) & 1) << 4);
  }
}

void scale_from(float d, const int* q, int zero, float* out) {
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(q[i] - zero);
}

void scale_and_shift(float d, float m, const int* q, float* out) {
  for (int i = 0; i < 32; ++i) {
    const float product = d * static_cast<float>(q[i]);
    out[i] = product + m;
  }
}

void block_q4_0(const uint8_t* block, float* out) {
  int q[32];
  unpack_32(block + 2, 0, q);
  scale_from(load_half(block), q, 8, out);
}

void block_q4_1(const uint8_t* block, float* out) {
  int q[32];
  unpack_32(block + 4, 0, q);
  scale_and_shift(load_half(block), load_half(block + 2), q, out);
}

void block_q5_0(const uint8_t* block, float* out) {
  int q[32];
  unpack_32(block + 6, load<uint32_t>(block + 2), q);
  scale_from(load_half(block), q, 16, out);
}

void block_q5_1(const uint8_t* block, float* out) {
  int q[32];
  unpack_32(block + 8, load<uint32_t>(block + 4), q);
  scale_and_shift(load_half(block), load_half(block + 2), q, out);
}

// Group g of a Q4_K or Q5_K block: its six-bit scale s and offset t. Twelve bytes hold both: 0-3 and 4-7 are s and t
// of groups 0-3 in six bits, with the two upper bits of groups 4-7 on top; 8-11 hold the lower four bits of those.
struct GroupScale {
  int s, t;
};

GroupScale group_scale(const uint8_t* packed, int g) {
  if (g < 4) return {packed[g] & 63, packed[g + 4] & 63};
  return {(packed[g + 4] & 15) | (packed[g - 4] >> 6 << 4), (packed[g + 4] >> 4) | (packed[g] >> 6 << 4)};
}

// Groups 2c and 2c + 1 are the low and the high halves of the same 32 bytes; `fifth` (Q5_K) holds bit 4 of weight i of
// group g in bit g of byte i.
void block_k(const uint8_t* block, const uint8_t* fifth, const uint8_t* low, float* out) {
  const float d = load_half(block), dmin = load_half(block + 2);
  for (int g = 0; g < 8; ++g) {
    const GroupScale scale = group_scale(block + 4, g);
    const float step = d * static_cast<float>(scale.s), offset = dmin * static_cast<float>(scale.t);
    for (int i = 0; i < 32; ++i) {
      int q = low[32 * (g / 2) + i] >> (g % 2 * 4) & 15;
      if (fifth != nullptr) q |= (fifth[i] >> g & 1) << 4;
      const float product = step * static_cast<float>(q);
      out[32 * g + i] = product - offset;
    }
  }
}

void block_q4_k(const uint8_t* block, float* out) { block_k(block, nullptr, block + 16, out); }
void block_q5_k(const uint8_t* block, float* out) { block_k(block, block + 16, block + 48, out); }

// Half h, quarter j of the half, weight i of the quarter: 32 weights. The low bits of quarters j and j + 2 share bytes,
// the high bits of all four quarters share bytes.
void block_q6_k(const uint8_t* block, float* out) {
  const uint8_t* low = block;
  const uint8_t* high = block + 128;
  const uint8_t* scales = block + 192;
  const float d = load_half(block + 208);
  for (int h = 0; h < 2; ++h) {
    for (int j = 0; j < 4; ++j) {
      for (int i = 0; i < 32; ++i) {
        const int weight = 128 * h + 32 * j + i;
        const float step = d * static_cast<float>(static_cast<int8_t>(scales[weight / 16]));
        const int q = (low[64 * h + 32 * (j % 2) + i] >> (j / 2 * 4) & 15) | (high[32 * h + i] >> (2 * j) & 3) << 4;
        out[weight] = step * static_cast<float>(q - 32);
      }
    }
  }
}

template <typename Block>
void each_block(TensorType type, const uint8_t* stored, int64_t width, float* out, Block block) {
  const TensorTypeInfo& info = info_of(type);
  for (int64_t i = 0; i < width; i += info.block_weights, stored += info.block_bytes) block(stored, out + i);
}

}  // namespace

const TensorTypeInfo& info_of(TensorType type) { return kTypes[static_cast<int>(type)]; }

std::optional<TensorType> tensor_type_of(std::string_view name) {
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    if (kTypes[i].name == name) return static_cast<TensorType>(i);
  }
  return std::nullopt;
}

int64_t row_bytes(TensorType type, int64_t width) {
  const TensorTypeInfo& info = info_of(type);
  return width / info.block_weights * info.block_bytes;
}

void dequantize(TensorType type, const uint8_t* stored, int64_t width, float* out) {
  switch (type) {
    case TensorType::kF32:
      std::memcpy(out, stored, static_cast<size_t>(width) * sizeof(float));
      return;
    case TensorType::kF16:
      for (int64_t i = 0; i < width; ++i) out[i] = load_half(stored + 2 * i);
      return;
    case TensorType::kBF16:
      for (int64_t i = 0; i < width; ++i) {
        out[i] = std::bit_cast<float>(static_cast<uint32_t>(load<uint16_t>(stored + 2 * i)) << 16);
      }
      return;
    case TensorType::kQ8_0:
      return each_block(type, stored, width, out, block_q8_0);
    case TensorType::kQ4_0:
      return each_block(type, stored, width, out, block_q4_0);
    case TensorType::kQ4_1:
      return each_block(type, stored, width, out, block_q4_1);
    case TensorType::kQ5_0:
      return each_block(type, stored, width, out, block_q5_0);
    case TensorType::kQ5_1:
      return each_block(type, stored, width, out, block_q5_1);
    case TensorType::kQ4_K:
      return each_block(type, stored, width, out, block_q4_k);
    case TensorType::kQ5_K:
      return each_block(type, stored, width, out, block_q5_k);
    case TensorType::kQ6_K:
      return each_block(type, stored, width, out, block_q6_k);
  }
}

}  // namespace erprm
