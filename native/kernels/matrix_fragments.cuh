// Products of small bfloat16 matrices held in the registers of a warp: PTX's m16n8k16 with its known places of elements
// in the lanes, which lets a softmax stand between two products without a trip through shared memory.
//
// Lane = 4 * group + member. The factor a [16, 16] is 4 registers of pairs along its columns: rows group and group + 8;
// columns 2 member, 2 member + 1 and those plus 8 (registers: row by row, then the columns plus 8). The result [16, 8]
// is 4 numbers: row group, then row group + 8, columns 2 member and 2 member + 1.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/cuda_device.h"

#if ERPRM_EMULATED_CUDA
#include "emulation/mma.h"
#endif

namespace erprm::cuda {

// d [16, 8] += a [16, 16] b [16, 8]
__device__ inline void multiply(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if ERPRM_EMULATED_CUDA
  emulation::multiply_fragments(d, a, b, emulation::Place::current());
#else
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

// Two right factors [16, 8] side by side from 16 rows of 16 numbers in shared memory, `ld` numbers apart (a multiple of
// 8): of the transpose (the rows are columns of the factors: queries times keys), or of the rows as they lie (weights
// times values).
template <bool kTransposed>
__device__ void load_factors(uint32_t (&left)[2], uint32_t (&right)[2], const __nv_bfloat16* rows, int ld) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
#if ERPRM_EMULATED_CUDA
  __syncwarp();
  const int group = lane / 4, member = lane % 4;
  const auto pair = [&](int inner, int column) {  // elements (inner, column), (inner + 1, column) of the two factors
    const auto bits = [&](int k) {
      return uint32_t{__bfloat16_as_ushort(kTransposed ? rows[column * ld + k] : rows[k * ld + column])};
    };
    return bits(inner) | bits(inner + 1) << 16;
  };
  for (int i = 0; i < 2; ++i) {
    left[i] = pair(2 * member + 8 * i, group);
    right[i] = pair(2 * member + 8 * i, group + 8);
  }
#else
  // Lanes 8 n to 8 n + 7 name the rows of the n-th 8 by 8 matrix: left[0], left[1], right[0], right[1].
  const int row = kTransposed ? lane % 8 + lane / 16 * 8 : lane % 16;
  const int column = kTransposed ? lane / 8 % 2 * 8 : lane / 16 * 8;
  const uint32_t at = static_cast<uint32_t>(__cvta_generic_to_shared(rows + row * ld + column));
  if constexpr (kTransposed) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
                 : "=r"(left[0]), "=r"(left[1]), "=r"(right[0]), "=r"(right[1])
                 : "r"(at)
                 : "memory");
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];\n"
                 : "=r"(left[0]), "=r"(left[1]), "=r"(right[0]), "=r"(right[1])
                 : "r"(at)
                 : "memory");
  }
#endif
}

// Two neighbouring numbers, rounded: the first in the low half.
__device__ inline uint32_t pack_pair(float first, float second) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(first, second);
  uint32_t word;
  memcpy(&word, &pair, sizeof(word));
  return word;
}

}  // namespace erprm::cuda
