// The three forms of the product against torch's own, on odd sizes; and the same bits for any number of threads.
#include "ops/matrix_product.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include "core/parallel.h"
#include "core/testing.h"

namespace {

using erprm::product_nn;
using erprm::product_nt;
using erprm::product_tn;
using erprm::ThreadPool;

struct Shape {
  int64_t rows, depth, columns;
};
const Shape kShapes[] = {{1, 1, 1}, {3, 17, 5}, {37, 385, 49}, {130, 900, 33}, {257, 20, 700}, {64, 1000, 16}};

// Values in a wider tensor, so that rows lie apart.
at::Tensor apart(const at::Tensor& x) {
  const at::Tensor wide = at::zeros({x.size(0), x.size(1) + 3});
  wide.narrow(1, 0, x.size(1)).copy_(x);
  return wide.narrow(1, 0, x.size(1));
}

double difference(const at::Tensor& actual, const at::Tensor& expected) {
  return ((actual - expected).abs().max() / expected.abs().max()).item<double>();
}

}  // namespace

TEST("the three forms of a matrix product agree with torch, added or not, with rows apart") {
  for (const auto& [rows, depth, columns] : kShapes) {
    const at::Tensor left = at::randn({rows, depth}), right = at::randn({depth, columns});
    const at::Tensor start = at::randn({rows, columns});
    for (const bool accumulate : {false, true}) {
      const at::Tensor expected = accumulate ? start + left.mm(right) : left.mm(right);
      const at::Tensor nt = apart(start), nn = apart(start), tn = apart(start);
      product_nt(apart(left), apart(right.t()), nt, accumulate);
      product_nn(apart(left), apart(right), nn, accumulate);
      product_tn(apart(left.t()), apart(right), tn, accumulate);
      CHECK_NEAR(difference(nt, expected), 0.0, 3e-6);
      CHECK_NEAR(difference(nn, expected), 0.0, 3e-6);
      CHECK(nn.equal(nt));
      CHECK(tn.equal(nt));
    }
  }
}

TEST("a product has the same bits whatever the number of threads") {
  for (const auto& [rows, depth, columns] : kShapes) {
    const at::Tensor left = at::randn({rows, depth}), right = at::randn({columns, depth});
    const at::Tensor alone = at::empty({rows, columns}), shared = at::empty({rows, columns});
    product_nt(left, right, alone, false);
    for (const int threads : {2, 3, 7}) {
      ThreadPool pool(threads);
      const ThreadPool::Use use(pool);
      product_nt(left, right, shared, false);
      CHECK(shared.equal(alone));
    }
  }
}

TEST("a product over nothing is zero, or nothing more, and misfits are refused") {
  const at::Tensor y = at::randn({3, 4}), before = y.clone();
  product_nt(at::empty({3, 0}), at::empty({4, 0}), y, true);
  CHECK(y.equal(before));
  product_tn(at::empty({0, 3}), at::empty({0, 4}), y, false);
  CHECK(y.equal(at::zeros({3, 4})));
  product_nn(at::empty({0, 3}), at::empty({3, 4}), at::empty({0, 4}), false);
  CHECK_THROWS(product_nn(at::empty({2, 3}), at::empty({4, 2}), at::empty({2, 2}), false), "to fit");
}

TEST("a single row may have any stride; rows that overlap are refused") {
  const at::Tensor numbers = at::randn({700}), w = at::randn({20, 700}), y = at::empty({1, 20}),
                   same = at::empty({1, 20});
  product_nt(numbers.as_strided({1, 700}, {0, 1}), w, y, false);
  product_nt(numbers.view({1, 700}), w, same, false);
  CHECK(y.equal(same));
  CHECK_THROWS(product_nt(numbers.as_strided({3, 700}, {0, 1}), w, at::empty({3, 20}), false), "do not overlap");
}
