// element_values: numbers of an element type of the accelerator on the host, for tests of kernels that take both.
//
//   const auto x = device_elements(values, Element::kBF16);   // rounded and uploaded
//   const std::vector<float> y = element_values(out, Element::kBF16);
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/cuda_element.h"
#include "kernels/device_array.h"

namespace erprm::cuda {

// The nearest bfloat16, the even one of two.
inline uint16_t bfloat16_bits(float value) {
  const uint32_t word = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((word + 0x7FFF + (word >> 16 & 1)) >> 16);
}

inline float rounded_to(Element element, float value) {
  return element == Element::kF32 ? value : std::bit_cast<float>(uint32_t{bfloat16_bits(value)} << 16);
}

// The largest relative error of a rounding.
inline double rounding_of(Element element) { return element == Element::kF32 ? 0x1p-24 : 0x1p-8; }

inline std::vector<unsigned char> to_elements(const std::vector<float>& values, Element element) {
  std::vector<unsigned char> bytes(values.size() * element_bytes(element));
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t bits = bfloat16_bits(values[i]);
    if (element == Element::kF32) std::memcpy(&bytes[4 * i], &values[i], 4);
    if (element == Element::kBF16) std::memcpy(&bytes[2 * i], &bits, 2);
  }
  return bytes;
}

inline DeviceArray<unsigned char> device_elements(const std::vector<float>& values, Element element) {
  return DeviceArray<unsigned char>(to_elements(values, element));
}

inline std::vector<float> element_values(const DeviceArray<unsigned char>& array, Element element) {
  const std::vector<unsigned char> bytes = array.read();
  std::vector<float> values(bytes.size() / element_bytes(element));
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t bits = 0;
    if (element == Element::kF32) std::memcpy(&values[i], &bytes[4 * i], 4);
    if (element == Element::kBF16) std::memcpy(&bits, &bytes[2 * i], 2);
    if (element == Element::kBF16) values[i] = std::bit_cast<float>(uint32_t{bits} << 16);
  }
  return values;
}

// Normally distributed numbers, rounded to the element type, so that what is uploaded is what is computed with.
inline std::vector<float> random_values(size_t count, uint32_t seed, Element element, float spread = 1.0f) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal(0.0f, spread);
  std::vector<float> values(count);
  for (float& value : values) value = rounded_to(element, normal(bits));
  return values;
}

}  // namespace erprm::cuda
