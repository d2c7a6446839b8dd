// types: CUDA's built-in types, under CUDA's names and with CUDA's alignment.
#pragma once

#include <cstddef>
#include <cstdint>

using uint = unsigned int;

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
};

// A pointer to one of these that is not aligned faults on a card, and here too (cmake/cuda.cmake:
// -fsanitize=alignment).
#define ERPRM_VECTOR_TYPES(T, name, align2, align4)                     \
  struct alignas(align2) name##2 {                                      \
    T x, y;                                                             \
  };                                                                    \
  struct name##3 {                                                      \
    T x, y, z;                                                          \
  };                                                                    \
  struct alignas(align4) name##4 {                                      \
    T x, y, z, w;                                                       \
  };                                                                    \
  constexpr name##2 make_##name##2(T x, T y) { return {x, y}; }         \
  constexpr name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; } \
  constexpr name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
ERPRM_VECTOR_TYPES(float, float, 8, 16)
ERPRM_VECTOR_TYPES(double, double, 16, 16)
ERPRM_VECTOR_TYPES(int, int, 8, 16)
ERPRM_VECTOR_TYPES(short, short, 4, 8)
ERPRM_VECTOR_TYPES(unsigned short, ushort, 4, 8)
ERPRM_VECTOR_TYPES(unsigned char, uchar, 2, 4)
ERPRM_VECTOR_TYPES(long long, longlong, 16, 16)
#undef ERPRM_VECTOR_TYPES

struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
constexpr uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
constexpr uint3 make_uint3(unsigned x, unsigned y, unsigned z) { return {x, y, z}; }
constexpr uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

// The numbers are CUDA's.
enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorNoDevice = 100,
  cudaErrorIllegalAddress = 700,
  cudaErrorLaunchFailure = 719,
};

struct CUstream_st;
using cudaStream_t = CUstream_st*;
