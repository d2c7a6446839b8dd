#include "train/losses.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <span>

#include "ops/training_ops.h"
#include "train/accelerated_losses.h"

namespace erprm {
namespace {

// l and its derivative with respect to the logit d, where p = 1 / (1 + exp(-d)).
struct Slope {
  double loss;
  double derivative;
};

double sigmoid(double d) { return d >= 0 ? 1 / (1 + std::exp(-d)) : std::exp(d) / (1 + std::exp(d)); }

// ln(1 + exp(d)) without overflow.
double softplus(double d) { return std::max(d, 0.0) + std::log1p(std::exp(-std::fabs(d))); }

Slope cross_entropy(double d, double label) {
  return {label * softplus(-d) + (1 - label) * softplus(d), sigmoid(d) - label};
}

Slope squared_error(double d, double label) {
  const double p = sigmoid(d);
  return {(p - label) * (p - label), 2 * (p - label) * p * (1 - p)};
}

// A loss of one logit a position, d = direction h + bias. There are few positions (one a step), so everything is done
// on the host, in double, in one order.
struct LogitLoss {
  LogitLoss(const at::Tensor& hidden, const at::Tensor& direction, double bias, std::span<const float> labels,
            std::span<const float> weights, Slope (*slope)(double, double), bool gradients)
      : host_hidden(hidden.to(at::kCPU, at::kFloat).contiguous()) {
    const int64_t count = hidden.size(0), width = hidden.size(1);
    const at::Tensor row = direction.to(at::kCPU, at::kFloat).contiguous();
    const float* h = host_hidden.data_ptr<float>();
    const float* w = row.data_ptr<float>();
    const at::Tensor gradient = at::empty({gradients ? count : 0, width}, at::kFloat);
    float* dh = gradient.data_ptr<float>();
    for (int64_t p = 0; p < count; ++p) {
      double d = bias;
      for (int64_t i = 0; i < width; ++i) d += static_cast<double>(w[i]) * h[p * width + i];
      const Slope at_d = slope(d, labels[p]);
      result.losses.push_back(static_cast<float>(at_d.loss));
      result.scores.push_back(static_cast<float>(sigmoid(d)));
      slopes.push_back(weights[p] * at_d.derivative);
      for (int64_t i = 0; gradients && i < width; ++i) dh[p * width + i] = static_cast<float>(slopes.back() * w[i]);
    }
    if (gradients) result.hidden_gradient = gradient.to(hidden.device(), hidden.scalar_type());
  }

  // f32 [C]: the gradient of `direction`.
  at::Tensor direction_gradient() const {
    const int64_t count = host_hidden.size(0), width = host_hidden.size(1);
    const float* h = host_hidden.data_ptr<float>();
    const at::Tensor sum = at::zeros({width}, at::kFloat);
    for (int64_t i = 0; i < width; ++i) {
      double total = 0;
      for (int64_t p = 0; p < count; ++p) total += slopes[p] * h[p * width + i];
      sum.data_ptr<float>()[i] = static_cast<float>(total);
    }
    return sum;
  }

  double bias_gradient() const {
    double total = 0;
    for (const double slope : slopes) total += slope;
    return total;
  }

  LossResult result;
  const at::Tensor host_hidden;  // f32 [P, C]
  std::vector<double> slopes;    // [P] weights[p] * dl/dd
};

LossResult value_head_loss(const at::Tensor& hidden, const Parameter& weight, const Parameter& bias,
                           std::span<const float> labels, std::span<const float> weights,
                           Slope (*slope)(double, double), bool gradients) {
  LogitLoss loss(hidden, weight.value[0], bias.value.item<float>(), labels, weights, slope, gradients);
  if (gradients && weight.trained()) {
    weight.gradient[0].add_(loss.direction_gradient().to(weight.gradient.device()));
    bias.gradient.add_(loss.bias_gradient());
  }
  return std::move(loss.result);
}

}  // namespace

void LossResult::read() {
  if (!pending.defined()) return;
  const at::Tensor host = pending.to(at::kCPU).contiguous();
  const float* numbers = host.data_ptr<float>();
  const int64_t count = host.size(1);
  losses.assign(numbers, numbers + count);
  if (host.size(0) == 2) scores.assign(numbers + count, numbers + 2 * count);
  pending = at::Tensor();
}

LossResult next_token(const at::Tensor& hidden, const Parameter& output, const PlacedBatch& batch, bool gradients) {
  if (batch.accelerated) return accelerated::next_token(hidden, output, batch, gradients);
  LossResult result;
  const at::Tensor losses = at::empty({hidden.size(0)}, hidden.options().dtype(at::kFloat));
  if (gradients) result.hidden_gradient = at::empty({hidden.size(0), hidden.size(1)}, hidden.options());
  next_token_loss(hidden, output.factor(), batch.host.tokens, batch.host.weights, losses, result.hidden_gradient,
                  gradients ? output.gradient : at::Tensor());
  const at::Tensor host = losses.to(at::kCPU);
  result.losses.assign(host.data_ptr<float>(), host.data_ptr<float>() + host.numel());
  return result;
}

LossResult two_way(const at::Tensor& hidden, const Parameter& output, std::array<int32_t, 2> candidates,
                   const PlacedBatch& batch, bool gradients) {
  if (batch.accelerated) return accelerated::two_way(hidden, output, candidates, batch, gradients);
  const at::Tensor direction = output.value[candidates[0]] - output.value[candidates[1]];
  LogitLoss loss(hidden, direction, 0, batch.host.labels, batch.host.weights, cross_entropy, gradients);
  if (gradients && output.trained()) {
    const at::Tensor gradient = loss.direction_gradient().to(output.gradient.device());
    output.gradient[candidates[0]].add_(gradient);
    output.gradient[candidates[1]].sub_(gradient);
  }
  return std::move(loss.result);
}

LossResult binary(const at::Tensor& hidden, const Parameter& value_weight, const Parameter& value_bias,
                  const PlacedBatch& batch, bool gradients) {
  if (batch.accelerated) return accelerated::value_head(hidden, value_weight, value_bias, batch, false, gradients);
  return value_head_loss(hidden, value_weight, value_bias, batch.host.labels, batch.host.weights, cross_entropy,
                         gradients);
}

LossResult squared(const at::Tensor& hidden, const Parameter& value_weight, const Parameter& value_bias,
                   const PlacedBatch& batch, bool gradients) {
  if (batch.accelerated) return accelerated::value_head(hidden, value_weight, value_bias, batch, true, gradients);
  return value_head_loss(hidden, value_weight, value_bias, batch.host.labels, batch.host.weights, squared_error,
                         gradients);
}

}  // namespace erprm
