#include "ops/torch_product.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

namespace erprm {
namespace {

// Whether this torch adds a product of bf16 factors to an f32 matrix in one call: releases before 2.10 know the
// operator but want the matrix in bf16. Asked of the operator itself, once.
bool adds_to_f32(const at::Tensor& like) {
  static const bool adds = [&] {
    const at::Tensor factor = at::zeros({16, 16}, like.options());
    at::Tensor sum = at::zeros({16, 16}, like.options().dtype(at::kFloat));
    try {
      at::addmm_out(sum, sum, factor, factor, at::kFloat);
    } catch (const c10::Error&) {
      return false;
    }
    return true;
  }();
  return adds;
}

}  // namespace

void torch_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& y, bool accumulate) {
  const c10::NoGradGuard plain;
  at::Tensor out = y;
  if (a.scalar_type() == y.scalar_type()) {
    if (accumulate) {
      at::addmm_out(out, out, a, b);
    } else {
      at::mm_out(out, a, b);
    }
  } else if (!a.is_cuda()) {
    const at::Tensor wide_a = a.to(y.scalar_type()), wide_b = b.to(y.scalar_type());
    torch_product(wide_a, wide_b, y, accumulate);
  } else if (!accumulate) {
    at::mm_out(out, a, b, y.scalar_type());
  } else if (adds_to_f32(a)) {
    at::addmm_out(out, out, a, b, y.scalar_type());
  } else {
    out.add_(at::mm(a, b, y.scalar_type()));
  }
}

}  // namespace erprm
