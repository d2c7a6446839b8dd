// autograd_ops: the transformer's parts as autograd functions of libtorch. Autograd follows activations; the gradient
// of a trained parameter is added to Parameter::gradient when the backward pass comes by (parameter.h).
//
// T tokens of a packed batch, C width, F feed-forward width, H heads, G kv heads, D head size. Activations have the
// type of computation (f32, or bf16 on CUDA); parameters are f32.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "ops/training_ops.h"
#include "train/parameter.h"

namespace erprm {

// What attention needs to know of a packed batch.
struct PackedSequences {
  std::vector<int32_t> offsets;  // [S + 1]
  at::Tensor cosines, sines;     // f32 [T, D/2], of each token's position in its sequence
};

// x W^T + b for each layer, all reading the same x [T, inputs].
std::vector<at::Tensor> linear_layers(const at::Tensor& x, const std::vector<const Linear*>& layers);

// residual + x W^T + b
at::Tensor add_linear(const at::Tensor& residual, const at::Tensor& x, const Linear& layer);

// x [rows, width] normalised over its width, times weight [width].
at::Tensor rms_norm(const at::Tensor& x, const ParameterPointer& weight, double epsilon);

// Rotates q and k and attends: -> [T, H D]. q [T, H D] and k [T, G D] are used up: their numbers change.
at::Tensor rotated_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                             const std::shared_ptr<const PackedSequences>& sequences, const AttentionShape& shape);

// silu(gate) * up
at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up);

}  // namespace erprm
