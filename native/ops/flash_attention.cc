#include "ops/flash_attention.h"

#include <ATen/Context.h>
#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "core/error.h"
#include "ops/operator_call.h"

namespace erprm {
namespace {

constexpr int64_t kWidestHead = 256;

const OperatorCall& forward_operator() {
  static const OperatorCall call("aten::_flash_attention_forward");
  return call;
}

const OperatorCall& backward_operator() {
  static const OperatorCall call("aten::_flash_attention_backward");
  return call;
}

// torch asks this switch whether sums of gradients may come in any order. They may not: the same batch gives the same
// weights. It also fills new tensors while it is on, which nobody needs.
class Deterministic {
 public:
  Deterministic()
      : was_(at::globalContext().deterministicAlgorithms()),
        warned_(at::globalContext().deterministicAlgorithmsWarnOnly()),
        filled_(at::globalContext().deterministicFillUninitializedMemory()) {
    at::globalContext().setDeterministicAlgorithms(true, false);
    at::globalContext().setDeterministicFillUninitializedMemory(false);
  }
  ~Deterministic() {
    at::globalContext().setDeterministicAlgorithms(was_, warned_);
    at::globalContext().setDeterministicFillUninitializedMemory(filled_);
  }
  Deterministic(const Deterministic&) = delete;
  Deterministic& operator=(const Deterministic&) = delete;

 private:
  const bool was_, warned_, filled_;
};

// The longest sequence, as the operators are told of it. Told of 1, torch takes its way for decoding, whose sums of
// exponentials lie otherwise.
int64_t bound(const PackedOffsets& offsets) { return std::max<int64_t>(offsets.longest, 2); }

// Keys to the left of a query's own that it sees.
c10::IValue left_of(int window) { return window > 0 ? c10::IValue(int64_t{window} - 1) : c10::IValue(); }

std::vector<c10::IValue> call_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                      const PackedOffsets& offsets, int window, bool only_check) {
  const NamedArguments arguments = {{"query", q},
                                    {"key", k},
                                    {"value", v},
                                    {"cum_seq_q", offsets.device},
                                    {"cum_seq_k", offsets.device},
                                    {"max_q", bound(offsets)},
                                    {"max_k", bound(offsets)},
                                    {"dropout_p", 0.0},
                                    {"is_causal", true},
                                    {"return_debug_mask", false},
                                    {"window_size_left", left_of(window)}};
  if (only_check) return order_arguments(forward_operator().schema(), arguments);
  return forward_operator()(arguments);
}

std::vector<c10::IValue> call_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k,
                                       const at::Tensor& v, const PackedAttention& forward,
                                       const PackedOffsets& offsets, int window, bool only_check) {
  // Of the random numbers of dropout, which there is none of.
  const at::Tensor nothing = at::empty({0}, at::TensorOptions(at::kLong).device(q.device()));
  const NamedArguments arguments = {{"grad_out", dout},
                                    {"query", q},
                                    {"key", k},
                                    {"value", v},
                                    {"out", forward.out},
                                    {"logsumexp", forward.log_sums},
                                    {"cum_seq_q", offsets.device},
                                    {"cum_seq_k", offsets.device},
                                    {"max_q", bound(offsets)},
                                    {"max_k", bound(offsets)},
                                    {"dropout_p", 0.0},
                                    {"is_causal", true},
                                    {"rng_state|philox_seed", nothing},
                                    {"unused|philox_offset", nothing},
                                    {"window_size_left", left_of(window)}};
  if (only_check) return order_arguments(backward_operator().schema(), arguments);
  return backward_operator()(arguments);
}

}  // namespace

bool flash_attention_takes(const at::Tensor& q) {
  const int64_t size = q.size(2);
  return q.is_cuda() && (q.scalar_type() == at::kBFloat16 || q.scalar_type() == at::kHalf) && size % 8 == 0 &&
         size <= kWidestHead;
}

void check_flash_attention() {
  const at::Tensor any = at::empty({0}, at::kFloat);
  const PackedOffsets offsets{{0}, any, 0};
  call_forward(any, any, any, offsets, 0, true);
  call_backward(any, any, any, any, {any, any}, offsets, 0, true);
  for (const OperatorCall* call : {&forward_operator(), &backward_operator()}) {
    const auto& results = call->schema().returns();
    const bool tensors = results.size() >= 3 && std::all_of(results.begin(), results.end(), [](const auto& result) {
                           return result.type()->kind() == c10::TypeKind::TensorType;
                         });
    require(tensors, ErrorCode::DEVICE_UNAVAILABLE, "Expected ", call->schema().name(),
            " of this libtorch to give at least three tensors, received ", results.size(), " results");
  }
}

PackedAttention flash_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                const PackedOffsets& offsets, int window) {
  const c10::NoGradGuard plain;
  const std::vector<c10::IValue> results = call_forward(q, k, v, offsets, window, false);
  return {results[0].toTensor(), results[1].toTensor()};
}

PackedGradients flash_attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k,
                                         const at::Tensor& v, const PackedAttention& forward,
                                         const PackedOffsets& offsets, int window) {
  const c10::NoGradGuard plain;
  const Deterministic scope;
  const std::vector<c10::IValue> results = call_backward(dout, q, k, v, forward, offsets, window, false);
  return {results[0].toTensor(), results[1].toTensor(), results[2].toTensor()};
}

}  // namespace erprm
