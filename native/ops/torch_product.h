// torch_product: torch's own matrix products where our kernels do not compute them (matrix_product.h): on CUDA by
// cuBLAS, and of bf16 on the CPU.
#pragma once

#include <ATen/core/Tensor.h>

namespace erprm {

// y [M, N] (+)= a [M, K] b [K, N], a and b of one type and of any strides; y of that type, or f32. An f32 result of
// bf16 factors is not rounded to bf16 on the way. Not recorded by autograd.
void torch_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& y, bool accumulate);

}  // namespace erprm
