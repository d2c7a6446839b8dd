// The CPU's own operations of training against plain tensor expressions, those against torch's derivatives, on odd
// sizes; and the same bits for any number of threads.
#include "ops/training_ops.h"

#include <ATen/Context.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/silu.h>

#include "ops/training_cases.h"
#include "ops/training_reference.h"

namespace {

using namespace erprm::testing;
namespace reference = erprm::reference;

struct Shape {
  int64_t rows, width;
};
const Shape kShapes[] = {{0, 8}, {1, 1}, {3, 17}, {65, 64}, {200, 37}, {700, 80}};

}  // namespace

TEST("RMS norm and its gradients agree with torch's derivatives, and do not depend on the threads") {
  at::manual_seed(1);
  for (const auto& [rows, width] : kShapes) {
    const at::Tensor x = at::randn({rows, width}), weight = at::randn({width}), dy = at::randn({rows, width});
    const at::Tensor before = at::randn({width});
    const auto [alone, shared] = alone_and_shared([&] {
      const at::Tensor y = stale({rows, width}), factor = stale({rows}), dx = stale({rows, width});
      const at::Tensor dweight = before.clone();
      erprm::rms_norm_forward(x, weight, 0.5, y, factor);
      erprm::rms_norm_backward(dy, x, weight, factor, dx, dweight);
      return std::vector<at::Tensor>{y, factor, dx, dweight};
    });
    CHECK(same(alone, shared));
    const at::Tensor leaf = x.clone().requires_grad_(), scale = weight.clone().requires_grad_();
    const at::Tensor y = leaf * at::rsqrt(leaf.square().mean(-1, true) + 0.5) * scale;
    y.backward(dy);
    CHECK_NEAR(distance(alone[0], y.detach()), 0, 1e-6);
    CHECK_NEAR(distance(alone[2], leaf.grad()), 0, 3e-6);
    CHECK_NEAR(distance(alone[3], before + scale.grad()), 0, 3e-6);
    const at::Tensor dx = stale({rows, width}), dweight = before.clone();
    reference::rms_norm_backward(dy, x, weight, alone[1], dx, dweight);
    CHECK_NEAR(distance(alone[2], dx), 0, 3e-6);
    CHECK_NEAR(distance(alone[3], dweight), 0, 3e-6);
    erprm::rms_norm_backward(dy, x, weight, alone[1], dx, at::Tensor());
    CHECK(dx.equal(alone[2]));
  }
}

TEST("SwiGLU and its gradients agree with torch's derivatives, at gates where exponentials overflow too") {
  at::manual_seed(2);
  for (const auto& [rows, width] : kShapes) {
    const at::Tensor gate = at::randn({rows, width}) * 30, up = at::randn({rows, width}), dy = at::randn({rows, width});
    if (rows > 1) gate.select(0, 0).fill_(-200), gate.select(0, 1).fill_(200);
    const auto [alone, shared] = alone_and_shared([&] {
      const at::Tensor y = stale({rows, width}), dgate = stale({rows, width}), dup = stale({rows, width});
      erprm::swiglu_forward(gate, up, y);
      erprm::swiglu_backward(dy, gate, up, dgate, dup);
      return std::vector<at::Tensor>{y, dgate, dup};
    });
    CHECK(same(alone, shared));
    const at::Tensor gates = gate.clone().requires_grad_(), ups = up.clone().requires_grad_();
    const at::Tensor y = at::silu(gates) * ups;
    y.backward(dy);
    const at::Tensor dgate = stale({rows, width}), dup = stale({rows, width});
    reference::swiglu_backward(dy, gate, up, dgate, dup);
    CHECK_NEAR(distance(alone[0], y.detach()), 0, 1e-6);
    for (const at::Tensor* expected : {&gates.grad(), &dgate}) CHECK_NEAR(distance(alone[1], *expected), 0, 2e-6);
    for (const at::Tensor* expected : {&ups.grad(), &dup}) CHECK_NEAR(distance(alone[2], *expected), 0, 2e-6);
  }
}

TEST("heads turn by their row's angles, keep their length, and turn back") {
  at::manual_seed(3);
  for (const int64_t half : {8, 24, 32}) {
    const int64_t rows = 35, heads = 3;
    const at::Tensor x = at::randn({rows, heads * 2 * half}), angles = at::randn({rows, half}) * 50;
    const at::Tensor cosines = angles.cos(), sines = angles.sin(), expected = x.clone();
    const auto [alone, shared] = alone_and_shared([&] {
      const at::Tensor turned = x.clone();
      erprm::rotate_heads(turned, cosines, sines, false);
      return std::vector<at::Tensor>{turned};
    });
    CHECK(same(alone, shared));
    reference::rotate_heads(expected, cosines, sines, false);
    CHECK_NEAR(distance(alone[0], expected), 0, 1e-6);
    CHECK_NEAR(distance(alone[0].norm(), x.norm()), 0, 1e-5);
    CHECK_NEAR((alone[0] - x).abs().max().item<double>() > 1, true, 0);
    // By hand: the first pair of the second head in the fifth row.
    const double angle = angles[4][0].item<double>(), a = x[4][2 * half].item<double>();
    const double b = x[4][3 * half].item<double>();
    CHECK_NEAR(alone[0][4][2 * half].item<double>(), a * std::cos(angle) - b * std::sin(angle), 1e-5);
    CHECK_NEAR(alone[0][4][3 * half].item<double>(), b * std::cos(angle) + a * std::sin(angle), 1e-5);
    erprm::rotate_heads(alone[0], cosines, sines, true);
    CHECK_NEAR(distance(alone[0], x), 0, 1e-6);
  }
  CHECK_THROWS(erprm::rotate_heads(at::zeros({2, 12}), at::zeros({2, 6}), at::zeros({2, 6}), false), "multiple of 16");
}

TEST("an embedding's gradient is the sum over a token's places, in their order") {
  at::manual_seed(4);
  for (const auto& [rows, width] : kShapes) {
    const at::Tensor weight = at::randn({7, width}), dx = at::randn({rows, width});
    const std::vector<int32_t> tokens = random_tokens(rows, 7, 5);
    const auto [alone, shared] = alone_and_shared([&] {
      const at::Tensor x = stale({rows, width}), dweight = weight.clone();
      erprm::embedding_forward(tokens, weight, x);
      erprm::embedding_backward(dx, tokens, dweight);
      return std::vector<at::Tensor>{x, dweight};
    });
    CHECK(same(alone, shared));
    const at::Tensor x = stale({rows, width}), dweight = weight.clone();
    reference::embedding_forward(tokens, weight, x);
    CHECK(alone[0].equal(x));
    for (int64_t t = 0; t < rows; ++t) dweight[tokens[t]] += dx[t];
    CHECK(alone[1].equal(dweight));
  }
  const std::vector<int32_t> beyond = {0, 7};
  CHECK_THROWS(erprm::embedding_forward(beyond, at::zeros({7, 2}), at::zeros({2, 2})), "tokens[1]");
}
