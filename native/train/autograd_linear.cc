// The autograd functions around linear layers. What is cheap to compute again from what is kept anyway (a norm's
// result, a SwiGLU's) is not kept: a third of the activations' memory.
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/autograd_ops.h"
#include "train/linear.h"

namespace erprm {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What one call needs beside its activations, kept by the node of the graph.
struct LinearCall : torch::CustomClassHolder {
  std::vector<Linear> layers;
  ParameterPointer norm;  // null without
  double epsilon = 0;
};

constexpr const char* kCall = "call";

using CallPointer = c10::intrusive_ptr<LinearCall>;

const LinearCall& call_of(AutogradContext* context) {
  return static_cast<const LinearCall&>(*context->saved_data[kCall].toCapsule());
}

CallPointer call_with(std::vector<Linear> layers) {
  auto call = c10::make_intrusive<LinearCall>();
  call->layers = std::move(layers);
  return call;
}

at::Tensor inputs_of(const Linear& layer, const at::Tensor& dy) {
  return at::empty({dy.size(0), layer.weight->value.size(1)}, dy.options());
}

struct NormedLinears : torch::autograd::Function<NormedLinears> {
  static variable_list forward(AutogradContext* context, const at::Tensor& x, const CallPointer& call) {
    const at::Tensor inverse_rms = at::empty({x.size(0)}, x.options().dtype(at::kFloat));
    const at::Tensor normed = at::empty_like(x);
    rms_norm_forward(x, call->norm->value, call->epsilon, normed, inverse_rms);
    variable_list outputs;
    for (const Linear& layer : call->layers) {
      outputs.push_back(at::empty({x.size(0), layer.weight->value.size(0)}, x.options()));
      linear_forward(layer, normed, outputs.back(), false);
    }
    context->saved_data[kCall] = c10::IValue::make_capsule(call);
    context->save_for_backward({x});
    return outputs;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const LinearCall& call = call_of(context);
    const at::Tensor x = context->get_saved_variables()[0];
    const at::Tensor inverse_rms = at::empty({x.size(0)}, x.options().dtype(at::kFloat));
    const at::Tensor normed = at::empty_like(x), dnormed = at::empty_like(x), dx = at::empty_like(x);
    rms_norm_forward(x, call.norm->value, call.epsilon, normed, inverse_rms);
    for (size_t i = 0; i < call.layers.size(); ++i) {
      linear_backward(call.layers[i], gradients[i].contiguous(), normed, dnormed, i > 0);
    }
    rms_norm_backward(dnormed, x, call.norm->value, inverse_rms, dx, call.norm->gradient);
    return {dx, at::Tensor()};
  }
};

struct AddLinear : torch::autograd::Function<AddLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& residual, const at::Tensor& x,
                            const CallPointer& call) {
    const at::Tensor y = residual.clone();
    linear_forward(call->layers[0], x, y, true);
    context->saved_data[kCall] = c10::IValue::make_capsule(call);
    context->save_for_backward({x});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const Linear& layer = call_of(context).layers[0];
    const at::Tensor dy = gradients[0].contiguous(), dx = inputs_of(layer, dy);
    linear_backward(layer, dy, context->get_saved_variables()[0], dx, false);
    return {dy, dx, at::Tensor()};
  }
};

struct AddSwigluLinear : torch::autograd::Function<AddSwigluLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& residual, const at::Tensor& gate,
                            const at::Tensor& up, const CallPointer& call) {
    const at::Tensor activated = at::empty_like(gate), y = residual.clone();
    swiglu_forward(gate, up, activated);
    linear_forward(call->layers[0], activated, y, true);
    context->saved_data[kCall] = c10::IValue::make_capsule(call);
    context->save_for_backward({gate, up});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const Linear& layer = call_of(context).layers[0];
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& gate = saved[0];
    const at::Tensor& up = saved[1];
    const at::Tensor activated = at::empty_like(gate), dgate = at::empty_like(gate), dup = at::empty_like(gate);
    swiglu_forward(gate, up, activated);
    const at::Tensor dy = gradients[0].contiguous(), dactivated = inputs_of(layer, dy);
    linear_backward(layer, dy, activated, dactivated, false);
    swiglu_backward(dactivated, gate, up, dgate, dup);
    return {dy, dgate, dup, at::Tensor()};
  }
};

}  // namespace

std::vector<at::Tensor> normed_linears(const at::Tensor& x, const ParameterPointer& norm, double epsilon,
                                       const std::vector<const Linear*>& layers) {
  const CallPointer call = call_with({});
  for (const Linear* layer : layers) call->layers.push_back(*layer);
  call->norm = norm;
  call->epsilon = epsilon;
  return NormedLinears::apply(x, call);
}

at::Tensor add_linear(const at::Tensor& residual, const at::Tensor& x, const Linear& layer) {
  return AddLinear::apply(residual, x, call_with({layer}));
}

at::Tensor add_swiglu_linear(const at::Tensor& residual, const at::Tensor& gate, const at::Tensor& up,
                             const Linear& layer) {
  return AddSwigluLinear::apply(residual, gate, up, call_with({layer}));
}

}  // namespace erprm
