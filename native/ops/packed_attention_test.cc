// Attention of packed sequences where its tensors lie: the accelerator's way against the CPU's kernels.
#include "ops/packed_attention.h"

#include <ATen/Context.h>
#include <ATen/ops/cat.h>

#include "ops/accelerator_cases.h"
#include "ops/training_cases.h"
#include "ops/training_ops.h"

namespace {

using namespace erprm::testing;
using erprm::PackedAttention;
using erprm::PackedGradients;
using erprm::PackedOffsets;

struct Case {
  int64_t heads, kv_heads, size;
  int window;
  std::vector<int32_t> offsets;
};
const Case kCases[] = {{1, 1, 16, 0, {0, 1}},     {4, 2, 16, 0, {0, 5, 5, 6, 70}}, {6, 2, 32, 7, {0, 3, 40}},
                       {3, 3, 48, 1, {0, 9, 20}}, {2, 1, 64, 100, {0, 30, 190}},   {2, 2, 16, 0, {0, 0}}};

struct Inputs {
  at::Tensor qkv, q, k, v, dout;
  // q, k and v are parts of one tensor, as a fused product leaves them.
  explicit Inputs(const Case& of, at::ScalarType type = at::kFloat) {
    const int64_t tokens = of.offsets.back();
    qkv = at::randn({tokens, of.heads + 2 * of.kv_heads, of.size}).to(type);
    q = qkv.narrow(1, 0, of.heads);
    k = qkv.narrow(1, of.heads, of.kv_heads);
    v = qkv.narrow(1, of.heads + of.kv_heads, of.kv_heads);
    dout = at::randn({tokens, of.heads, of.size}).to(type);
  }

  Inputs on(const OnAccelerator& device) const {
    Inputs moved = *this;
    for (at::Tensor* x : {&moved.q, &moved.k, &moved.v, &moved.dout}) *x = device.there(*x);
    return moved;
  }
};

// out, log_sums, dq, dk, dv, as f32 on the host
std::vector<at::Tensor> run(const Inputs& in, const Case& of) {
  const PackedOffsets offsets = erprm::place_offsets(of.offsets, in.q.device());
  const PackedAttention forward = erprm::packed_attention(in.q, in.k, in.v, offsets, of.window);
  const PackedGradients back = erprm::packed_attention_backward(in.dout, in.q, in.k, in.v, forward, offsets, of.window);
  for (const at::Tensor* x : {&forward.out, &back.dq}) {
    CHECK(x->sizes() == in.q.sizes() && x->scalar_type() == in.q.scalar_type());
  }
  CHECK(forward.log_sums.size(0) == of.heads && forward.log_sums.size(1) == of.offsets.back());
  std::vector<at::Tensor> numbers;
  for (const at::Tensor& x : {forward.out, forward.log_sums, back.dq, back.dk, back.dv}) {
    numbers.push_back(x.to(at::kCPU, at::kFloat));
  }
  return numbers;
}

}  // namespace

TEST("packed attention reads parts of one tensor and gives what attention of rows gives") {
  at::manual_seed(31);
  for (const Case& of : kCases) {
    const Inputs in(of);
    const std::vector<at::Tensor> actual = run(in, of);
    const int64_t tokens = of.offsets.back();
    const at::Tensor out = stale({tokens, of.heads * of.size}), log_sums = stale({tokens, of.heads});
    const erprm::AttentionShape shape{static_cast<int>(of.heads), static_cast<int>(of.kv_heads),
                                      static_cast<int>(of.size), of.window};
    const auto rows = [&](const at::Tensor& x) { return x.reshape({tokens, x.size(1) * of.size}).contiguous(); };
    erprm::causal_attention_forward(rows(in.q), rows(in.k), rows(in.v), of.offsets, shape, out, log_sums);
    CHECK(actual[0].equal(out.view(in.q.sizes())));
    CHECK(actual[1].equal(log_sums.t()));
  }
}

TEST("on the accelerator packed attention and its gradients are the CPU's, in bf16 within its rounding") {
  if (!has_accelerator()) return;
  at::manual_seed(32);
  for (const Case& of : kCases) {
    const Inputs in(of);
    const std::vector<at::Tensor> expected = run(in, of);
    const OnAccelerator device;
    const std::vector<at::Tensor> actual = run(in.on(device), of);
    for (size_t i = 0; i < actual.size(); ++i) CHECK_NEAR(distance(actual[i], expected[i]), 0, 1e-5);
  }
  for (const Case& of : kCases) {
    const Inputs rounded(of, at::kBFloat16);
    Inputs wide(of);
    wide.q = rounded.q.to(at::kFloat), wide.k = rounded.k.to(at::kFloat), wide.v = rounded.v.to(at::kFloat);
    wide.dout = rounded.dout.to(at::kFloat);
    const std::vector<at::Tensor> expected = run(wide, of);
    const OnAccelerator device;
    const std::vector<at::Tensor> actual = run(rounded.on(device), of);
    // Half a unit of bf16 at the largest number, and the backward pass starts from an output rounded so; flash
    // attention also rounds the shares of keys, each of which is at most one.
    for (size_t i = 0; i < actual.size(); ++i) CHECK_NEAR(distance(actual[i], expected[i]), 0, 1.2e-2);
  }
}

TEST("on the accelerator a sequence with more scores than exist at a time has the CPU's attention") {
  if (!has_accelerator()) return;
  at::manual_seed(33);
  for (const int window : {0, 30}) {
    const Case of{1, 1, 16, window, {0, 4200}};  // of 2^24
    const Inputs in(of);
    const auto forward = [&](const Inputs& inputs) {
      const PackedOffsets offsets = erprm::place_offsets(of.offsets, inputs.q.device());
      return erprm::packed_attention(inputs.q, inputs.k, inputs.v, offsets, of.window);
    };
    const PackedAttention expected = forward(in);
    const OnAccelerator device;
    const PackedAttention actual = forward(in.on(device));
    CHECK_NEAR(distance(actual.out.to(at::kCPU), expected.out), 0, 1e-5);
    CHECK_NEAR(distance(actual.log_sums.to(at::kCPU), expected.log_sums), 0, 1e-5);
  }
}

TEST("offsets that do not fit their tokens, and heads that do not divide, are refused") {
  const at::Tensor q = at::zeros({4, 3, 16}), k = at::zeros({4, 2, 16});
  const PackedOffsets offsets = erprm::place_offsets({0, 4}, at::kCPU), torn = erprm::place_offsets({0, 3}, at::kCPU);
  CHECK_THROWS(erprm::packed_attention(q, k, k, offsets, 0), "multiple of that of kv heads");
  CHECK_THROWS(erprm::packed_attention(k, k, k, torn, 0), "to hold all 4 tokens");
  CHECK_THROWS(erprm::packed_attention(k, k, k, offsets, -1), "a window of at least 0");
  CHECK_THROWS(erprm::place_offsets({}, at::kCPU), "at least one entry");
  CHECK_THROWS(erprm::place_offsets({0, 2, 1}, at::kCPU), "offsets[2] to be at least 2");
}
