// How torch's flash attention is called. Its kernels need a card; here the same operators are given kernels for the
// CPU, so that everything up to them runs: the dispatcher, the order and types of the arguments, what comes back.
#include "ops/flash_attention.h"

#include <ATen/Context.h>
#include <ATen/core/stack.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "ops/training_cases.h"
#include "ops/training_reference.h"

namespace {

using namespace erprm::testing;
namespace reference = erprm::reference;
using OptionalTensor = std::optional<at::Tensor>;
using OptionalInteger = std::optional<int64_t>;

// What the last call was told.
struct Told {
  int64_t longest = -1;
  bool causal = false, deterministic = false;
  double dropout = -1;
  OptionalInteger left;
} told;

erprm::AttentionShape shape_of(const at::Tensor& q, const at::Tensor& k, OptionalInteger left) {
  return {static_cast<int>(q.size(1)), static_cast<int>(k.size(1)), static_cast<int>(q.size(2)),
          left ? static_cast<int>(*left + 1) : 0};
}

std::vector<int32_t> host(const at::Tensor& offsets) {
  const int32_t* first = offsets.data_ptr<int32_t>();
  return {first, first + offsets.numel()};
}

at::Tensor rows(const at::Tensor& x) { return x.reshape({x.size(0), x.size(1) * x.size(2)}).contiguous(); }

void note(int64_t max_q, int64_t max_k, bool is_causal, double dropout_p, OptionalInteger left) {
  CHECK(max_q == max_k);
  told = {max_q, is_causal, at::globalContext().deterministicAlgorithms(), dropout_p, left};
}

// Takes its arguments by name, as releases differ in how many there are: 2.13 has two more than 2.11. What we do not
// give must be none.
void attend(const c10::OperatorHandle& op, c10::Stack* stack) {
  std::map<std::string, c10::IValue> given;
  const std::vector<c10::IValue> values = torch::jit::pop(*stack, op.schema().arguments().size());
  for (size_t i = 0; i < values.size(); ++i) given.emplace(op.schema().arguments()[i].name(), values[i]);
  const auto take = [&given](const char* name) {
    CHECK(given.count(name) == 1);
    return given.extract(name).mapped();
  };
  const at::Tensor q = take("query").toTensor(), k = take("key").toTensor(), v = take("value").toTensor();
  const at::Tensor offsets = take("cum_seq_q").toTensor();
  CHECK(offsets.equal(take("cum_seq_k").toTensor()));
  const int64_t max_q = take("max_q").toInt(), max_k = take("max_k").toInt();
  const OptionalInteger left = take("window_size_left").toOptional<int64_t>();
  const bool is_causal = take("is_causal").toBool();
  note(max_q, max_k, is_causal, take("dropout_p").toDouble(), left);
  CHECK(!take("return_debug_mask").toBool());
  for (const auto& [name, value] : given) {
    if (!value.isNone()) erprm::testing::fail(__FILE__, __LINE__, name + " is given");
  }
  const at::Tensor wide = rows(q), out = at::empty_like(wide);
  const at::Tensor log_sums = at::empty({q.size(0), q.size(1)}, at::kFloat), nothing = at::empty({0}, at::kLong);
  reference::causal_attention_forward(wide, rows(k), rows(v), host(offsets), shape_of(q, k, left), out, log_sums);
  torch::jit::push(*stack, out.view(q.sizes()), log_sums.t().contiguous(), nothing, nothing, nothing);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> attend_backward(
    const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& out,
    const at::Tensor& log_sums, const at::Tensor& cum_seq_q, const at::Tensor& cum_seq_k, int64_t max_q, int64_t max_k,
    double dropout_p, bool is_causal, const at::Tensor& rng_state, const at::Tensor& unused,
    std::optional<double> scale, OptionalInteger left, OptionalInteger right) {
  note(max_q, max_k, is_causal, dropout_p, left);
  CHECK(!scale && !right && rng_state.numel() == 0 && unused.numel() == 0);
  const at::Tensor dq = at::empty_like(rows(q)), dk = at::empty_like(rows(k)), dv = at::empty_like(rows(v));
  reference::causal_attention_backward(rows(dout), rows(q), rows(k), rows(v), rows(out), log_sums.t().contiguous(),
                                       host(cum_seq_q), shape_of(q, k, left), dq, dk, dv);
  return {dq.view(q.sizes()), dk.view(k.sizes()), dv.view(v.sizes())};
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, CPU, library) {
  library.impl("_flash_attention_forward", torch::CppFunction::makeFromBoxedFunction<&attend>());
  library.impl("_flash_attention_backward", TORCH_FN(attend_backward));
}

TEST("flash attention is told of sequences, windows and determinism, and gives what packed attention gives") {
  at::manual_seed(71);
  for (const int window : {0, 1, 7}) {
    const at::Tensor q = at::randn({20, 4, 16}), k = at::randn({20, 2, 16}), v = at::randn({20, 2, 16});
    const at::Tensor dout = at::randn({20, 4, 16});
    const erprm::PackedOffsets offsets = erprm::place_offsets({0, 9, 9, 20}, at::kCPU);
    const erprm::PackedAttention expected = erprm::packed_attention(q, k, v, offsets, window);
    const erprm::PackedGradients gradients = erprm::packed_attention_backward(dout, q, k, v, expected, offsets, window);

    // As inside an autograd function: what is given may want gradients, and nothing is recorded.
    const at::Tensor wanting = q.clone().requires_grad_();
    const erprm::PackedAttention actual = erprm::flash_attention(wanting, k, v, offsets, window);
    CHECK(!actual.out.requires_grad());
    CHECK(told.longest == 11 && told.causal && told.dropout == 0);
    CHECK(window == 0 ? !told.left : told.left == window - 1);
    CHECK_NEAR(distance(actual.out, expected.out), 0, 1e-5);
    CHECK_NEAR(distance(actual.log_sums, expected.log_sums), 0, 1e-5);

    const erprm::PackedGradients back = erprm::flash_attention_backward(dout, q, k, v, actual, offsets, window);
    CHECK(told.longest == 11 && told.causal && told.dropout == 0 && told.deterministic);
    CHECK(window == 0 ? !told.left : told.left == window - 1);
    CHECK(!at::globalContext().deterministicAlgorithms());
    CHECK_NEAR(distance(back.dq, gradients.dq), 0, 1e-5);
    CHECK_NEAR(distance(back.dk, gradients.dk), 0, 1e-5);
    CHECK_NEAR(distance(back.dv, gradients.dv), 0, 1e-5);
  }
}

TEST("sequences of one token keep flash attention from its way for decoding, whose sums lie otherwise") {
  const at::Tensor q = at::randn({3, 2, 16}), k = at::randn({3, 1, 16});
  const erprm::PackedOffsets offsets = erprm::place_offsets({0, 1, 2, 3}, at::kCPU);
  const erprm::PackedAttention actual = erprm::flash_attention(q, k, k, offsets, 0);
  CHECK(told.longest == 2 && told.causal);
  CHECK_NEAR(distance(actual.out, k.expand({3, 2, 16})), 0, 1e-6);
}

TEST("flash attention takes bf16 and f16 on CUDA only") {
  CHECK(!erprm::flash_attention_takes(at::empty({1, 1, 64}, at::kBFloat16)));
  CHECK(!erprm::flash_attention_takes(at::empty({1, 1, 64}, at::kFloat)));
}
