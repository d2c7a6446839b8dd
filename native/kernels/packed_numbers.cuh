// Numbers of rows, read and written N at a time as f32: 16 bytes where a row lets itself be read in packs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/cuda_device.h"
#include "kernels/cuda_element.h"

namespace erprm::cuda {

// Numbers of 16 bytes.
template <typename T>
constexpr int kPack = 16 / static_cast<int>(sizeof(T));

template <int N>
struct Numbers {
  float at[N];
};

__device__ inline float widened(float x) { return x; }
__device__ inline float widened(__nv_bfloat16 x) { return __bfloat162float(x); }

template <typename T>
__device__ T rounded(float x);
template <>
__device__ inline float rounded<float>(float x) {
  return x;
}
template <>
__device__ inline __nv_bfloat16 rounded<__nv_bfloat16>(float x) {
  return __float2bfloat16(x);
}

// What a run of up to 16 bytes is read and written as.
template <size_t kBytes>
struct Word;
template <>
struct Word<16> {
  using Type = uint4;
};
template <>
struct Word<8> {
  using Type = uint2;
};
template <>
struct Word<4> {
  using Type = uint32_t;
};
template <>
struct Word<2> {
  using Type = uint16_t;
};

// N numbers from `from`, which is aligned to the smaller of 16 bytes and N numbers.
template <int N, typename T>
__device__ Numbers<N> load(const T* from) {
  constexpr int kEach = N < kPack<T> ? N : kPack<T>;
  using Unit = typename Word<kEach * sizeof(T)>::Type;
  Numbers<N> numbers;
#pragma unroll
  for (int i = 0; i < N; i += kEach) {
    const Unit word = *reinterpret_cast<const Unit*>(from + i);
    T parts[kEach];
    memcpy(parts, &word, sizeof(word));
#pragma unroll
    for (int j = 0; j < kEach; ++j) numbers.at[i + j] = widened(parts[j]);
  }
  return numbers;
}

template <int N, typename T>
__device__ void store(T* to, const Numbers<N>& numbers) {
  constexpr int kEach = N < kPack<T> ? N : kPack<T>;
  using Unit = typename Word<kEach * sizeof(T)>::Type;
#pragma unroll
  for (int i = 0; i < N; i += kEach) {
    T parts[kEach];
#pragma unroll
    for (int j = 0; j < kEach; ++j) parts[j] = rounded<T>(numbers.at[i + j]);
    Unit word;
    memcpy(&word, parts, sizeof(word));
    *reinterpret_cast<Unit*>(to + i) = word;
  }
}

// Whether all of these can be read 16 bytes at a time.
template <typename... Pointers>
bool aligned(const Pointers*... pointers) {
  return ((reinterpret_cast<uintptr_t>(pointers) % 16 == 0) && ...);
}

// Calls body.template operator()<T>() for the type that `element` stands for.
template <typename Body>
int for_element(Element element, const Body& body) {
  if (element == Element::kBF16) return body.template operator()<__nv_bfloat16>();
  return body.template operator()<float>();
}

// And body.template operator()<N>(): a pack of T, or 1 where rows or pointers do not let themselves be read in packs.
template <typename T, typename Body>
int for_pack(bool packs, const Body& body) {
  if (packs) return body.template operator()<kPack<T>>();
  return body.template operator()<1>();
}

}  // namespace erprm::cuda
