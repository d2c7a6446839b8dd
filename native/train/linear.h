// linear: a linear layer with its adapter, forward and backward, on plain tensors. What autograd sees is
// autograd_ops.h.
//
//   y = x W^T + b + scale (x A^T) B^T        x [T, inputs], y [T, outputs]
//
// Activations have the type of computation, and so have the parameters' factors (train/parameter.h); gradients are f32.
#pragma once

#include <ATen/core/Tensor.h>

#include "train/parameter.h"

namespace erprm {

// y = or, with `accumulate`, +=.
void linear_forward(const Linear& layer, const at::Tensor& x, const at::Tensor& y, bool accumulate);

// The gradient of x: dx = or, with `accumulate`, +=. Adds the gradients of the layer's trained parameters to them.
void linear_backward(const Linear& layer, const at::Tensor& dy, const at::Tensor& x, const at::Tensor& dx,
                     bool accumulate);

}  // namespace erprm
