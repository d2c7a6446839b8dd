// training_ops: the parts of a transformer that are no matrix product, forward and backward, on packed sequences.
//
// T tokens of S sequences, sequence s = rows [offsets[s], offsets[s+1]); C width, F feed-forward width, H heads,
// G kv heads, D head size, V vocabulary, P positions. Tensors are contiguous. f32 on the CPU runs on kernels of our
// own, anything else on the expressions of training_reference.h. Outputs are given, of the right shape; "+=" adds, "="
// overwrites. An undefined weight gradient is not computed. On the CPU no number depends on how many threads compute
// it. Threads: those of the caller's pool (core/parallel.h). On the CPU the head size must be a multiple of 16. Throws
// INVALID_ARGUMENT for sizes that do not fit and for tokens outside the vocabulary.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace erprm {

// Whether x is of the kind the CPU's own kernels take: f32 on the CPU. Others go to training_reference.h.
bool runs_on_kernels(const at::Tensor& x);

// Throws INVALID_ARGUMENT, naming the index, unless every token is in [0, vocabulary).
void check_tokens(std::span<const int32_t> tokens, int64_t vocabulary);

// y = x * r * w, r [T] = 1 / sqrt(mean over C of x^2 + epsilon)
void rms_norm_forward(const at::Tensor& x, const at::Tensor& weight, double epsilon, const at::Tensor& y,
                      const at::Tensor& inverse_rms);
// dx [T, C] =, dw [C] +=
void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                       const at::Tensor& inverse_rms, const at::Tensor& dx, const at::Tensor& dweight);

// y [T, F] = silu(gate) * up
void swiglu_forward(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y);
void swiglu_backward(const at::Tensor& dy, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& dgate,
                     const at::Tensor& dup);

// In place: each head of x [T, heads * D] turned by its row's angles (half-split order), or back with `inverse`.
//   cosines, sines [T, D/2], already times the scale of the frequencies
void rotate_heads(const at::Tensor& x, const at::Tensor& cosines, const at::Tensor& sines, bool inverse);

struct AttentionShape {
  int num_heads;
  int num_kv_heads;
  int head_size;
  int window;  // keys a query sees, its own included; 0 = all before it
};

// out [T, H D] = softmax(q k^T / sqrt(D)) v within each sequence, a query seeing keys up to its own.
//   q [T, H D], k and v [T, G D]; log_sums [T, H]: ln of the sum of exponentials of the scaled scores, for backward
void causal_attention_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              std::span<const int32_t> offsets, const AttentionShape& shape, const at::Tensor& out,
                              const at::Tensor& log_sums);
// dq, dk, dv =
void causal_attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               const at::Tensor& out, const at::Tensor& log_sums, std::span<const int32_t> offsets,
                               const AttentionShape& shape, const at::Tensor& dq, const at::Tensor& dk,
                               const at::Tensor& dv);

// x [T, C] = weight[tokens], weight [V, C]
void embedding_forward(std::span<const int32_t> tokens, const at::Tensor& weight, const at::Tensor& x);
// dweight [V, C] +=; rows of a repeated token are added in the order of the tokens
void embedding_backward(const at::Tensor& dx, std::span<const int32_t> tokens, const at::Tensor& dweight);

// losses[p] = -ln softmax(hidden[p] weight^T)[tokens[p]]; the logits exist for a few hundred rows at a time only.
//   hidden [P, C], weight [V, C], tokens [P], losses [P]
// With dhidden defined also the gradients of sum over p of weights[p] * losses[p]: dhidden [P, C] =, dweight [V, C] +=
// (dweight may be undefined).
void next_token_loss(const at::Tensor& hidden, const at::Tensor& weight, std::span<const int32_t> tokens,
                     std::span<const float> weights, const at::Tensor& losses, const at::Tensor& dhidden,
                     const at::Tensor& dweight);

}  // namespace erprm
