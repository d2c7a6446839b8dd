#include "train/linear.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/sum.h>

#include "core/parallel.h"
#include "ops/matrix_product.h"
#include "ops/training_ops.h"

namespace erprm {
namespace {

// scale x A^T: [T, rank]
at::Tensor lowered(const Adapter& adapter, const at::Tensor& x) {
  const at::Tensor low = at::empty({x.size(0), adapter.a->value.size(0)}, x.options());
  product_nt(x, adapter.a->factor(), low, false);
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
  product_nn(dy, adapter.b->factor(), dlow, false);
  dlow.mul_(adapter.scale);
  product_tn(dy, lowered(adapter, x), adapter.b->gradient, true);
  product_tn(dlow, x, adapter.a->gradient, true);
  product_nn(dlow, adapter.a->factor(), dx, true);
}

}  // namespace

void linear_forward(const Linear& layer, const at::Tensor& x, const at::Tensor& y, bool accumulate) {
  product_nt(x, layer.weight->factor(), y, accumulate);
  if (layer.bias) y.add_(layer.bias->factor());
  if (layer.adapter) product_nt(lowered(*layer.adapter, x), layer.adapter->b->factor(), y, true);
}

void linear_backward(const Linear& layer, const at::Tensor& dy, const at::Tensor& x, const at::Tensor& dx,
                     bool accumulate) {
  product_nn(dy, layer.weight->factor(), dx, accumulate);
  if (layer.weight->trained()) product_tn(dy, x, layer.weight->gradient, true);
  if (layer.bias && layer.bias->trained()) add_rows(dy, layer.bias->gradient);
  if (layer.adapter) adapter_backward(*layer.adapter, dy, x, dx);
}

}  // namespace erprm
