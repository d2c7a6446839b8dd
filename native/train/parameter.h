// Parameter: a tensor of the model under training, its gradient and AdamW's moments.
//
// A trained parameter owns its gradient for its whole life. The backward pass adds to it in place
// (ops/matrix_product.h), so no weight's gradient ever exists twice, whatever the number of micro-batches. Autograd
// differentiates activations only: weights are no leaves of its graph. Thread: device thread only.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <string>

namespace erprm {

// A CustomClassHolder, so that an autograd node can keep it.
struct Parameter : torch::CustomClassHolder {
  Parameter(std::string parameter_name, at::Tensor parameter_value)
      : name(std::move(parameter_name)), value(std::move(parameter_value)), factor_(value) {}

  const std::string name;
  const at::Tensor value;  // f32
  // Undefined for a frozen parameter, else f32 of the same shape.
  at::Tensor gradient;
  at::Tensor first_moment;
  at::Tensor second_moment;

  bool trained() const { return gradient.defined(); }
  // Norms and biases, which are vectors, are not pulled towards zero.
  bool decays() const { return value.dim() >= 2; }
  void train();

  // What products take: the value, or a copy of it of the type of computation, which is made once and not for every
  // product. Whoever writes the value renews it.
  const at::Tensor& factor() const { return factor_; }
  void keep_factor(at::ScalarType type) { factor_ = value.to(type); }
  void renew_factor() const;

 private:
  at::Tensor factor_;
};

using ParameterPointer = c10::intrusive_ptr<Parameter>;

// Low-rank adapter of a linear layer: y = x W^T + scale (x A^T) B^T.
struct Adapter {
  ParameterPointer a;  // [rank, inputs]
  ParameterPointer b;  // [outputs, rank]
  double scale;        // alpha / rank
};

// A linear layer: W [outputs, inputs], b [outputs] or null.
struct Linear {
  ParameterPointer weight;
  ParameterPointer bias;
  std::shared_ptr<const Adapter> adapter;
};

}  // namespace erprm
