// mma: the products of matrices that a warp holds in registers (PTX mma.m16n8k16 and ldmatrix, for bfloat16), which
// kernels/matrix_fragments.cuh uses on a card. Unlike wmma's, the places of the elements in the lanes are known.
#pragma once

#include <cstdint>

#include "emulation/block.h"

namespace erprm::emulation {

// d [16, 8] += a [16, 16] b [16, 8], with d f32 and a, b pairs of bfloat16, in the lanes as PTX's table says.
void multiply_fragments(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], const Place& place);

}  // namespace erprm::emulation
