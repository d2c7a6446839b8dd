#include "ops/training_ops.h"

#include "ops/training_reference.h"

namespace erprm {

void rms_norm_forward(const at::Tensor& x, const at::Tensor& weight, double epsilon, const at::Tensor& y,
                      const at::Tensor& inverse_rms) {
  reference::rms_norm_forward(x, weight, epsilon, y, inverse_rms);
}

void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                       const at::Tensor& inverse_rms, const at::Tensor& dx, const at::Tensor& dweight) {
  reference::rms_norm_backward(dy, x, weight, inverse_rms, dx, dweight);
}

void swiglu_forward(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y) {
  reference::swiglu_forward(gate, up, y);
}

void swiglu_backward(const at::Tensor& dy, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& dgate,
                     const at::Tensor& dup) {
  reference::swiglu_backward(dy, gate, up, dgate, dup);
}

void rotate_heads(const at::Tensor& x, const at::Tensor& cosines, const at::Tensor& sines, bool inverse) {
  reference::rotate_heads(x, cosines, sines, inverse);
}

void causal_attention_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              std::span<const int32_t> offsets, const AttentionShape& shape, const at::Tensor& out,
                              const at::Tensor& log_sums) {
  reference::causal_attention_forward(q, k, v, offsets, shape, out, log_sums);
}

void causal_attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               const at::Tensor& out, const at::Tensor& log_sums, std::span<const int32_t> offsets,
                               const AttentionShape& shape, const at::Tensor& dq, const at::Tensor& dk,
                               const at::Tensor& dv) {
  reference::causal_attention_backward(dout, q, k, v, out, log_sums, offsets, shape, dq, dk, dv);
}

void embedding_forward(std::span<const int32_t> tokens, const at::Tensor& weight, const at::Tensor& x) {
  reference::embedding_forward(tokens, weight, x);
}

void embedding_backward(const at::Tensor& dx, std::span<const int32_t> tokens, const at::Tensor& dweight) {
  reference::embedding_backward(dx, tokens, dweight);
}

void next_token_loss(const at::Tensor& hidden, const at::Tensor& weight, std::span<const int32_t> tokens,
                     std::span<const float> weights, const at::Tensor& losses, const at::Tensor& dhidden,
                     const at::Tensor& dweight) {
  reference::next_token_loss(hidden, weight, tokens, weights, losses, dhidden, dweight);
}

}  // namespace erprm
