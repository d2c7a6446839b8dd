#include "train/autograd_ops.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

namespace erprm {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct RmsNorm : torch::autograd::Function<RmsNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const ParameterPointer& weight,
                            double epsilon) {
    const at::Tensor y = at::empty_like(x);
    const at::Tensor inverse_rms = at::empty({x.size(0)}, x.options().dtype(at::kFloat));
    rms_norm_forward(x, weight->value, epsilon, y, inverse_rms);
    context->saved_data["weight"] = c10::IValue::make_capsule(weight);
    context->save_for_backward({x, inverse_rms});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto& weight = static_cast<const Parameter&>(*context->saved_data["weight"].toCapsule());
    const variable_list saved = context->get_saved_variables();
    const at::Tensor dx = at::empty_like(saved[0]);
    rms_norm_backward(gradients[0].contiguous(), saved[0], weight.value, saved[1], dx, weight.gradient);
    return {dx, at::Tensor(), at::Tensor()};
  }
};

struct AttentionCall : torch::CustomClassHolder {
  AttentionCall(std::shared_ptr<const PackedSequences> of, const AttentionShape& with)
      : sequences(std::move(of)), shape(with) {}
  // [T, heads * D] -> [T, heads, D]
  at::Tensor heads_of(const at::Tensor& x) const {
    return x.view({x.size(0), x.size(1) / shape.head_size, shape.head_size});
  }
  const std::shared_ptr<const PackedSequences> sequences;
  const AttentionShape shape;
};

struct RotatedAttention : torch::autograd::Function<RotatedAttention> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const c10::intrusive_ptr<AttentionCall>& call) {
    const PackedSequences& sequences = *call->sequences;
    rotate_heads(q, sequences.cosines, sequences.sines, false);
    rotate_heads(k, sequences.cosines, sequences.sines, false);
    const PackedAttention attended = packed_attention(call->heads_of(q), call->heads_of(k), call->heads_of(v),
                                                      sequences.offsets, call->shape.window);
    const at::Tensor out = attended.out.view(q.sizes()).detach();
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    context->save_for_backward({q, k, v, out, attended.log_sums});
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto& call = static_cast<const AttentionCall&>(*context->saved_data["call"].toCapsule());
    const PackedSequences& sequences = *call.sequences;
    const variable_list saved = context->get_saved_variables();
    const PackedGradients back = packed_attention_backward(
        call.heads_of(gradients[0].contiguous()), call.heads_of(saved[0]), call.heads_of(saved[1]),
        call.heads_of(saved[2]), {call.heads_of(saved[3]), saved[4]}, sequences.offsets, call.shape.window);
    const at::Tensor dq = back.dq.reshape(saved[0].sizes()), dk = back.dk.reshape(saved[1].sizes());
    const at::Tensor dv = back.dv.reshape(saved[2].sizes());
    rotate_heads(dq, sequences.cosines, sequences.sines, true);
    rotate_heads(dk, sequences.cosines, sequences.sines, true);
    return {dq, dk, dv, at::Tensor()};
  }
};

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const ParameterPointer& weight, double epsilon) {
  return RmsNorm::apply(x, weight, epsilon);
}

at::Tensor rotated_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                             const std::shared_ptr<const PackedSequences>& sequences, const AttentionShape& shape) {
  return RotatedAttention::apply(q, k, v, c10::make_intrusive<AttentionCall>(sequences, shape));
}

}  // namespace erprm
