// torch's flash attention of packed sequences, forward and backward: what packed_attention.h calls on a card.
#pragma once

#include "ops/packed_attention.h"

namespace erprm {

// Whether it takes q, and keys and values like it: bf16 or f16 on CUDA, heads of a multiple of 8 numbers up to 256.
bool flash_attention_takes(const at::Tensor& q);

// Throws DEVICE_UNAVAILABLE, showing the schemas, when the operators of this libtorch are not those we know how to
// call; nothing but their names and arguments is looked at, so this needs no card.
void check_flash_attention();

// As packed_attention and packed_attention_backward. Throws as check_flash_attention.
PackedAttention flash_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                const PackedOffsets& offsets, int window);
PackedGradients flash_attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k,
                                         const at::Tensor& v, const PackedAttention& forward,
                                         const PackedOffsets& offsets, int window);

}  // namespace erprm
