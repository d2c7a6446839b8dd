#include "ops/matrix_product.h"

#include "ops/training_reference.h"

namespace erprm {

void product_nt(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate) {
  reference::product_nt(x, w, y, accumulate);
}

void product_nn(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate) {
  reference::product_nn(x, w, y, accumulate);
}

void product_tn(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate) {
  reference::product_tn(x, w, y, accumulate);
}

}  // namespace erprm
