// packed_attention: attention of packed sequences where their tensors lie, forward and backward, without waiting for
// the device: training, scoring and the reading of prefixes.
//
// T tokens of S sequences, H heads, G kv heads, D head size. Which code computes it:
//   f32 on the CPU                                         the CPU's own kernels (training_ops.h)
//   bf16 or f16 on CUDA, D a multiple of 8 up to 256       torch's flash attention (ops/flash_attention.h)
//   f32 on CUDA, other head sizes, and under emulation     plain expressions (training_reference.h): exact, slow; the
//                                                          backward pass holds all scores of one sequence
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace erprm {

// Where packed sequences begin: sequence s = rows [host[s], host[s + 1]).
struct PackedOffsets {
  std::vector<int32_t> host;  // [S + 1], from 0, ascending
  at::Tensor device;          // i32 [S + 1], where the tokens are
  int32_t longest;            // of the sequences, in tokens
};

// Copies offsets to `device`, which does not wait for work queued there. Throws INVALID_ARGUMENT for offsets that are
// empty, do not begin at 0 or descend.
PackedOffsets place_offsets(std::vector<int32_t> offsets, at::Device device);

struct PackedAttention {
  at::Tensor out;       // [T, H, D], of q's type
  at::Tensor log_sums;  // f32 [H, T], of any strides: ln of the sum of exponentials of a query's scaled scores
};

// out = softmax(q k^T / sqrt(D)) v within each sequence, a query seeing keys up to its own and, with window > 0, no
// more than the last `window` of those, its own included.
//   q [T, H, D]; k and v [T, G, D], G divides H; the last dimension without gaps (parts of one qkv tensor will do)
// Throws INVALID_ARGUMENT for sizes that do not fit; on the CPU also for D that is no multiple of 16.
PackedAttention packed_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 const PackedOffsets& offsets, int window);

struct PackedGradients {
  at::Tensor dq, dk, dv;  // as q, k, v
};

// `forward` is what packed_attention gave for the same arguments. dout [T, H, D]. The same arguments give the same
// bits, also on CUDA.
PackedGradients packed_attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k,
                                          const at::Tensor& v, const PackedAttention& forward,
                                          const PackedOffsets& offsets, int window);

}  // namespace erprm
