// The operations of training_ops.h, and the losses of one logit, on the accelerator's kernels (kernels/cuda_training.h)
// for tensors of f32 or bf16; whatever the CPU takes from the host's memory lies in tensors here. Nothing waits for the
// device. Weights, their gradients, losses and factors are f32. Contracts: training_ops.h. All throw INVALID_ARGUMENT
// for tensors that are not of the type, device or size expected, DEVICE_FAULT when a kernel cannot be launched.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/token_places.h"

namespace erprm::accelerated {

// Whether x is of the kind that these functions take.
bool takes(const at::Tensor& x);

void rms_norm_forward(const at::Tensor& x, const at::Tensor& weight, double epsilon, const at::Tensor& y,
                      const at::Tensor& inverse_rms);
void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                       const at::Tensor& inverse_rms, const at::Tensor& dx, const at::Tensor& dweight);

void swiglu_forward(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y);
void swiglu_backward(const at::Tensor& dy, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& dgate,
                     const at::Tensor& dup);

void rotate_heads(const at::Tensor& x, const at::Tensor& cosines, const at::Tensor& sines, bool inverse);

// tokens i32 [T], each of the vocabulary (the caller has checked them); x [T, C] of either type
void embedding_forward(const at::Tensor& tokens, const at::Tensor& weight, const at::Tensor& x);
void embedding_backward(const at::Tensor& dx, const at::Tensor& tokens, const TokenPlaces& places,
                        const at::Tensor& dweight);

// Logits that exist at once: enough positions that the products, and what they add to the weight's gradient, are worth
// reading the weight for.
constexpr int64_t kChunkLogits = int64_t{1} << 28;

// tokens i32 [P], weights f32 [P] or undefined without gradients; weight [V, C] of hidden's type, dweight f32
void next_token_loss(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& tokens,
                     const at::Tensor& weights, const at::Tensor& losses, const at::Tensor& dhidden,
                     const at::Tensor& dweight, int64_t chunk_logits = kChunkLogits);

// A loss of one logit a position, d = (positive - negative) h + bias (train/losses.h). positive and negative f32 [C],
// bias f32 [1]; the last two may be undefined. `squared`: of (p - label)^2, otherwise of the cross-entropy.
struct LogitDirection {
  at::Tensor positive, negative, bias;
};
// hidden [P, C]; labels, weights, losses, scores f32 [P]; dhidden [P, C] = or undefined. Returns the slopes f32 [P],
// weights[p] times the derivative by d.
at::Tensor logit_loss(const at::Tensor& hidden, const LogitDirection& direction, const at::Tensor& labels,
                      const at::Tensor& weights, bool squared, const at::Tensor& losses, const at::Tensor& scores,
                      const at::Tensor& dhidden);
// The gradients of the direction +=; those undefined are left out.
void logit_gradient(const at::Tensor& hidden, const at::Tensor& slopes, const LogitDirection& gradients);

}  // namespace erprm::accelerated
