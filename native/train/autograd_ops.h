// autograd_ops: the transformer's parts as autograd functions of libtorch. Autograd follows activations; the gradient
// of a trained parameter is added to Parameter::gradient when the backward pass comes by (parameter.h).
//
// T tokens of a packed batch, C width, F feed-forward width, H heads, G kv heads, D head size. Activations have the
// type of computation (f32, or bf16 on the accelerator); parameters are f32.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "ops/packed_attention.h"
#include "ops/training_ops.h"
#include "train/parameter.h"

namespace erprm {

// What attention needs to know of a packed batch.
struct PackedSequences {
  PackedOffsets offsets;
  at::Tensor cosines, sines;  // f32 [T, D/2], of each token's position in its sequence
};

// y = norm(x) W^T + b (train/linear.h) for each layer, all reading the same x [T, C]: -> [T, outputs] each.
std::vector<at::Tensor> normed_linears(const at::Tensor& x, const ParameterPointer& norm, double epsilon,
                                       const std::vector<const Linear*>& layers);

// residual + the layer of x
at::Tensor add_linear(const at::Tensor& residual, const at::Tensor& x, const Linear& layer);

// residual + the layer of silu(gate) * up, gate and up [T, F]
at::Tensor add_swiglu_linear(const at::Tensor& residual, const at::Tensor& gate, const at::Tensor& up,
                             const Linear& layer);

// x [rows, width] normalised over its width, times weight [width].
at::Tensor rms_norm(const at::Tensor& x, const ParameterPointer& weight, double epsilon);

// Rotates q and k and attends: -> [T, H D]. q [T, H D] and k [T, G D] are used up: their numbers change.
at::Tensor rotated_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                             const std::shared_ptr<const PackedSequences>& sequences, const AttentionShape& shape);

}  // namespace erprm
