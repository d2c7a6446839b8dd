// matrix_product: products of f32 matrices on the CPU, whose numbers do not depend on how many threads compute them.
//
// Matrices are at::Tensor f32 [rows, columns] on the CPU with stride(1) == 1; rows may lie apart (stride(0) >=
// columns). Every element is a sum of sums over kProductDepth terms, both in ascending order of k. With `accumulate` it
// is added to what the result holds. Throws INVALID_ARGUMENT for sizes that do not fit. Other devices and types:
// torch's product. Threads: those of the caller's pool (core/parallel.h).
#pragma once

#include <ATen/core/Tensor.h>

namespace erprm {

// y [M, N] (+)= x [M, K] w^T, w [N, K]     a linear layer
void product_nt(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate);

// y [M, N] (+)= x [M, K] w, w [K, N]       the gradient of its input: x is dy, w the layer's weight
void product_nn(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate);

// y [M, N] (+)= x^T w, x [K, M], w [K, N]  the gradient of its weight: x is dy [T, M], w the layer's input [T, N]
void product_tn(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate);

}  // namespace erprm
