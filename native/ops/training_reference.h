// The operations of matrix_product.h and training_ops.h as plain tensor expressions: any device, f32 or bf16. The CPU's
// own kernels and the accelerator's are tested against them; they run what neither takes. But for the products, which
// are torch's own, numbers are f32 whatever the type of the tensors, and a result is rounded when it is stored.
// Contracts: see those headers.
#pragma once

#include "ops/training_ops.h"

namespace erprm::reference {

void product_nt(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate);
void product_nn(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate);
void product_tn(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate);

void rms_norm_forward(const at::Tensor& x, const at::Tensor& weight, double epsilon, const at::Tensor& y,
                      const at::Tensor& inverse_rms);
void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                       const at::Tensor& inverse_rms, const at::Tensor& dx, const at::Tensor& dweight);

void swiglu_forward(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y);
void swiglu_backward(const at::Tensor& dy, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& dgate,
                     const at::Tensor& dup);

void rotate_heads(const at::Tensor& x, const at::Tensor& cosines, const at::Tensor& sines, bool inverse);

void causal_attention_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              std::span<const int32_t> offsets, const AttentionShape& shape, const at::Tensor& out,
                              const at::Tensor& log_sums);
void causal_attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               const at::Tensor& out, const at::Tensor& log_sums, std::span<const int32_t> offsets,
                               const AttentionShape& shape, const at::Tensor& dq, const at::Tensor& dk,
                               const at::Tensor& dv);

void embedding_forward(std::span<const int32_t> tokens, const at::Tensor& weight, const at::Tensor& x);
void embedding_backward(const at::Tensor& dx, std::span<const int32_t> tokens, const at::Tensor& dweight);

void next_token_loss(const at::Tensor& hidden, const at::Tensor& weight, std::span<const int32_t> tokens,
                     std::span<const float> weights, const at::Tensor& losses, const at::Tensor& dhidden,
                     const at::Tensor& dweight);

}  // namespace erprm::reference
