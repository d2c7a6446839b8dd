// Attention of packed sequences against plain tensor expressions and torch's derivatives; bits alone and in company.
#include <ATen/Context.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>

#include "ops/training_cases.h"
#include "ops/training_ops.h"
#include "ops/training_reference.h"

namespace {

using namespace erprm::testing;
using erprm::AttentionShape;
using Offsets = std::vector<int32_t>;
namespace reference = erprm::reference;

struct Case {
  AttentionShape shape;
  Offsets offsets;
};

// Empty sequences, sequences of one token, lengths around the borders of tiles, a long one; windows around them too.
const Case kCases[] = {
    {{1, 1, 16, 0}, {0, 1}},
    {{2, 1, 16, 0}, {0, 0, 1, 1, 18, 18}},
    {{6, 2, 32, 0}, {0, 63, 127, 192, 257, 258}},
    {{3, 3, 48, 0}, {0, 129, 260}},
    {{3, 1, 64, 0}, {0, 700}},
    {{4, 2, 16, 1}, {0, 70, 140}},
    {{2, 2, 16, 5}, {0, 200, 201}},
    {{2, 1, 16, 64}, {0, 300, 365}},
    {{2, 1, 16, 100}, {0, 310, 410}},
};

struct Inputs {
  at::Tensor q, k, v, dout;
  explicit Inputs(const Case& of, double spread = 1.0) {
    const int64_t tokens = of.offsets.back(), size = of.shape.head_size;
    q = at::randn({tokens, of.shape.num_heads * size}) * spread;
    k = at::randn({tokens, of.shape.num_kv_heads * size}) * spread;
    v = at::randn({tokens, of.shape.num_kv_heads * size});
    dout = at::randn({tokens, of.shape.num_heads * size});
  }
};

// out, log_sums, dq, dk, dv
template <typename Forward, typename Backward>
std::vector<at::Tensor> run(const Forward& forward, const Backward& backward, const Inputs& in, const Case& of) {
  const at::Tensor out = stale(in.q.sizes()), log_sums = stale({in.q.size(0), of.shape.num_heads});
  const at::Tensor dq = stale(in.q.sizes()), dk = stale(in.k.sizes()), dv = stale(in.v.sizes());
  forward(in.q, in.k, in.v, of.offsets, of.shape, out, log_sums);
  backward(in.dout, in.q, in.k, in.v, out, log_sums, of.offsets, of.shape, dq, dk, dv);
  return {out, log_sums, dq, dk, dv};
}

std::vector<at::Tensor> on_kernels(const Inputs& in, const Case& of) {
  return run(erprm::causal_attention_forward, erprm::causal_attention_backward, in, of);
}

// The output in one expression, head by head; torch differentiates it.
at::Tensor attention_of(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const Case& of) {
  const int64_t size = of.shape.head_size, group = of.shape.num_heads / of.shape.num_kv_heads;
  std::vector<at::Tensor> rows;
  for (size_t s = 0; s + 1 < of.offsets.size(); ++s) {
    for (int64_t i = of.offsets[s]; i < of.offsets[s + 1]; ++i) {
      const int64_t window = of.shape.window > 0 ? of.shape.window : i + 1;
      const int64_t from = std::max<int64_t>(of.offsets[s], i - window + 1), count = i + 1 - from;
      std::vector<at::Tensor> heads;
      for (int64_t h = 0; h < of.shape.num_heads; ++h) {
        const at::Tensor keys = k.narrow(0, from, count).narrow(1, h / group * size, size);
        const at::Tensor values = v.narrow(0, from, count).narrow(1, h / group * size, size);
        const at::Tensor scores = keys.mv(q[i].narrow(0, h * size, size)) / std::sqrt(double(size));
        heads.push_back(values.t().mv(scores.softmax(0)));
      }
      rows.push_back(at::cat(heads));
    }
  }
  return at::cat(rows).view(q.sizes());
}

}  // namespace

TEST("attention of packed sequences and its gradients agree with plain expressions, with windows and shared kv heads") {
  at::manual_seed(11);
  for (const Case& of : kCases) {
    // A wide spread makes the maximum of a row move from tile to tile. Scores grow with its square, and so does what
    // an exponential makes of their rounding.
    for (const double spread : {1.0, 2.5}) {
      const Inputs in(of, spread);
      const auto [alone, shared] = alone_and_shared([&] { return on_kernels(in, of); });
      CHECK(same(alone, shared));
      const auto expected = run(reference::causal_attention_forward, reference::causal_attention_backward, in, of);
      for (size_t i = 0; i < expected.size(); ++i)
        CHECK_NEAR(distance(alone[i], expected[i]), 0, 3e-6 * spread * spread);
    }
  }
}

TEST("the gradients of attention are torch's derivatives of the formula, one row at a time") {
  at::manual_seed(12);
  for (const Case& of : {Case{{4, 2, 16, 0}, {0, 1, 67, 80}}, Case{{2, 1, 16, 9}, {0, 70, 70, 75}}}) {
    const Inputs in(of);
    const std::vector<at::Tensor> actual = on_kernels(in, of);
    const at::Tensor q = in.q.clone().requires_grad_(), k = in.k.clone().requires_grad_();
    const at::Tensor v = in.v.clone().requires_grad_();
    const at::Tensor out = attention_of(q, k, v, of);
    out.backward(in.dout);
    CHECK_NEAR(distance(actual[0], out.detach()), 0, 2e-6);
    CHECK_NEAR(distance(actual[2], q.grad()), 0, 5e-6);
    CHECK_NEAR(distance(actual[3], k.grad()), 0, 5e-6);
    CHECK_NEAR(distance(actual[4], v.grad()), 0, 5e-6);
  }
}

TEST("a sequence has the same bits alone and behind others") {
  at::manual_seed(13);
  const Case packed{{6, 2, 32, 0}, {0, 45, 245, 300}}, single{{6, 2, 32, 0}, {0, 200}};
  const Inputs in(packed);
  Inputs own(single);
  own.q = in.q.narrow(0, 45, 200).clone(), own.k = in.k.narrow(0, 45, 200).clone();
  own.v = in.v.narrow(0, 45, 200).clone(), own.dout = in.dout.narrow(0, 45, 200).clone();
  const std::vector<at::Tensor> together = on_kernels(in, packed), alone = on_kernels(own, single);
  for (size_t i = 0; i < alone.size(); ++i) CHECK(together[i].narrow(0, 45, 200).equal(alone[i]));
}

TEST("a head size that is no multiple of 16 is refused, and so are sequences that leave tokens out") {
  const Case odd{{1, 1, 24, 0}, {0, 4}}, torn{{1, 1, 16, 0}, {0, 4}};
  CHECK_THROWS(on_kernels(Inputs(odd), odd), "multiple of 16, received 24");
  CHECK_THROWS(on_kernels(Inputs(Case{{1, 1, 16, 0}, {0, 5}}), torn), "all 5 tokens");
}
