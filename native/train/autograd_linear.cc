#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/parallel.h"
#include "ops/matrix_product.h"
#include "train/autograd_ops.h"

namespace erprm {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The layers of one call, kept by the node of the graph.
struct LayerList : torch::CustomClassHolder {
  explicit LayerList(std::vector<Linear> list) : layers(std::move(list)) {}
  const std::vector<Linear> layers;
};

constexpr const char* kLayers = "layers";

const std::vector<Linear>& layers_of(AutogradContext* context) {
  return static_cast<const LayerList&>(*context->saved_data[kLayers].toCapsule()).layers;
}

// A parameter in the type of the activations.
at::Tensor typed(const Parameter& parameter, const at::Tensor& like) { return parameter.value.to(like.scalar_type()); }

// y += b in every row of y [T, outputs].
void add_bias(const at::Tensor& y, const Linear& layer) {
  if (layer.bias) y.add_(typed(*layer.bias, y));
}

// gradient [outputs] += the sum of the rows of dy [T, outputs], in their order.
void add_rows(const at::Tensor& dy, const at::Tensor& gradient) {
  if (!dy.is_cpu()) {
    gradient.add_(dy.sum(0));
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

bool trains_weight(const std::vector<Linear>& layers) {
  for (const Linear& layer : layers) {
    if (layer.weight->trained()) return true;
  }
  return false;
}

// The gradients of one layer's parameters from dy [T, outputs] and x [T, inputs].
void add_parameter_gradients(const Linear& layer, const at::Tensor& dy, const at::Tensor& x) {
  if (layer.weight->trained()) product_tn(dy, x, layer.weight->gradient, true);
  if (layer.bias && layer.bias->trained()) add_rows(dy, layer.bias->gradient);
}

struct LinearLayers : torch::autograd::Function<LinearLayers> {
  static variable_list forward(AutogradContext* context, const at::Tensor& x,
                               const c10::intrusive_ptr<LayerList>& list) {
    variable_list outputs;
    for (const Linear& layer : list->layers) {
      outputs.push_back(at::empty({x.size(0), layer.weight->value.size(0)}, x.options()));
      product_nt(x, typed(*layer.weight, x), outputs.back(), false);
      add_bias(outputs.back(), layer);
    }
    context->saved_data[kLayers] = c10::IValue::make_capsule(list);
    if (trains_weight(list->layers)) context->save_for_backward({x});
    return outputs;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const std::vector<Linear>& layers = layers_of(context);
    const variable_list saved = context->get_saved_variables();
    at::Tensor dx;
    for (size_t i = 0; i < layers.size(); ++i) {
      const at::Tensor dy = gradients[i].contiguous();
      const bool first = !dx.defined();
      if (first) dx = at::empty({dy.size(0), layers[i].weight->value.size(1)}, dy.options());
      product_nn(dy, typed(*layers[i].weight, dy), dx, !first);
      add_parameter_gradients(layers[i], dy, saved.empty() ? at::Tensor() : saved[0]);
    }
    return {dx, at::Tensor()};
  }
};

struct AddLinear : torch::autograd::Function<AddLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& residual, const at::Tensor& x,
                            const c10::intrusive_ptr<LayerList>& list) {
    const Linear& layer = list->layers[0];
    const at::Tensor y = residual.clone();
    product_nt(x, typed(*layer.weight, x), y, true);
    add_bias(y, layer);
    context->saved_data[kLayers] = c10::IValue::make_capsule(list);
    if (trains_weight(list->layers)) context->save_for_backward({x});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const Linear& layer = layers_of(context)[0];
    const variable_list saved = context->get_saved_variables();
    const at::Tensor dy = gradients[0].contiguous();
    const at::Tensor dx = at::empty({dy.size(0), layer.weight->value.size(1)}, dy.options());
    product_nn(dy, typed(*layer.weight, dy), dx, false);
    add_parameter_gradients(layer, dy, saved.empty() ? at::Tensor() : saved[0]);
    return {dy, dx, at::Tensor()};
  }
};

// y + scale (x A^T) B^T
at::Tensor add_adapter(const at::Tensor& y, const at::Tensor& x, const Adapter& adapter) {
  const Linear down{adapter.a, {}, {}}, up{adapter.b, {}, {}};
  return add_linear(y, at::mul(linear_layers(x, {&down})[0], adapter.scale), up);
}

}  // namespace

std::vector<at::Tensor> linear_layers(const at::Tensor& x, const std::vector<const Linear*>& layers) {
  std::vector<Linear> copies;
  for (const Linear* layer : layers) copies.push_back(*layer);
  variable_list outputs = LinearLayers::apply(x, c10::make_intrusive<LayerList>(std::move(copies)));
  for (size_t i = 0; i < layers.size(); ++i) {
    if (layers[i]->adapter) outputs[i] = add_adapter(outputs[i], x, *layers[i]->adapter);
  }
  return outputs;
}

at::Tensor add_linear(const at::Tensor& residual, const at::Tensor& x, const Linear& layer) {
  at::Tensor y = AddLinear::apply(residual, x, c10::make_intrusive<LayerList>(std::vector<Linear>{layer}));
  return layer.adapter ? add_adapter(y, x, *layer.adapter) : y;
}

}  // namespace erprm
