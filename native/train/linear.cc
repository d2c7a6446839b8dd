#include "train/linear.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/sum.h>

#include "core/parallel.h"
#include "ops/matrix_product.h"
#include "ops/training_ops.h"

namespace erprm {
namespace {

at::Tensor typed(const Parameter& parameter, const at::Tensor& like) { return parameter.value.to(like.scalar_type()); }

// scale x A^T: [T, rank]
at::Tensor lowered(const Adapter& adapter, const at::Tensor& x) {
  const at::Tensor low = at::empty({x.size(0), adapter.a->value.size(0)}, x.options());
  product_nt(x, typed(*adapter.a, x), low, false);
  return low.mul_(adapter.scale);
}

// gradient [outputs] += the sum of the rows of dy [T, outputs], in their order.
void add_rows(const at::Tensor& dy, const at::Tensor& gradient) {
  if (!runs_on_kernels(dy)) {
    gradient.add_(dy.sum(0, false, at::kFloat));
    return;
  }
  const float* rows = dy.data_ptr<float>();
  float* sums = gradient.data_ptr<float>();
  const int64_t width = dy.size(1), count = dy.size(0);
  parallel_for(0, width, 64, [&](int64_t begin, int64_t end) {
    for (int64_t t = 0; t < count; ++t) {
      for (int64_t i = begin; i < end; ++i) sums[i] += rows[t * width + i];
    }
  });
}

// dx += scale (dy B) A
void adapter_backward(const Adapter& adapter, const at::Tensor& dy, const at::Tensor& x, const at::Tensor& dx) {
  const at::Tensor dlow = at::empty({dy.size(0), adapter.a->value.size(0)}, dy.options());  // [T, rank]
  product_nn(dy, typed(*adapter.b, dy), dlow, false);
  dlow.mul_(adapter.scale);
  product_tn(dy, lowered(adapter, x), adapter.b->gradient, true);
  product_tn(dlow, x, adapter.a->gradient, true);
  product_nn(dlow, typed(*adapter.a, dy), dx, true);
}

}  // namespace

void linear_forward(const Linear& layer, const at::Tensor& x, const at::Tensor& y, bool accumulate) {
  product_nt(x, typed(*layer.weight, x), y, accumulate);
  if (layer.bias) y.add_(typed(*layer.bias, y));
  if (layer.adapter) product_nt(lowered(*layer.adapter, x), typed(*layer.adapter->b, x), y, true);
}

void linear_backward(const Linear& layer, const at::Tensor& dy, const at::Tensor& x, const at::Tensor& dx,
                     bool accumulate) {
  product_nn(dy, typed(*layer.weight, dy), dx, accumulate);
  if (layer.weight->trained()) product_tn(dy, x, layer.weight->gradient, true);
  if (layer.bias && layer.bias->trained()) add_rows(dy, layer.bias->gradient);
  if (layer.adapter) adapter_backward(*layer.adapter, dy, x, dx);
}

}  // namespace erprm
