#include "train/accelerated_losses.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "ops/accelerated_training.h"

namespace erprm::accelerated {
namespace {

LossResult result_for(const at::Tensor& hidden, int rows, bool gradients) {
  LossResult result;
  result.pending = at::empty({rows, hidden.size(0)}, hidden.options().dtype(at::kFloat));
  if (gradients) result.hidden_gradient = at::empty_like(hidden);
  return result;
}

LossResult one_logit(const at::Tensor& hidden, const LogitDirection& direction, const LogitDirection& to_direction,
                     const PlacedBatch& batch, bool squared, bool gradients) {
  LossResult result = result_for(hidden, 2, gradients);
  const at::Tensor slopes = logit_loss(hidden, direction, batch.labels, batch.weights, squared, result.pending[0],
                                       result.pending[1], result.hidden_gradient);
  if (gradients && to_direction.positive.defined()) logit_gradient(hidden, slopes, to_direction);
  return result;
}

}  // namespace

LossResult next_token(const at::Tensor& hidden, const Parameter& output, const PlacedBatch& batch, bool gradients) {
  LossResult result = result_for(hidden, 1, gradients);
  next_token_loss(hidden, output.factor(), batch.tokens, batch.weights, result.pending[0], result.hidden_gradient,
                  gradients ? output.gradient : at::Tensor());
  return result;
}

LossResult two_way(const at::Tensor& hidden, const Parameter& output, std::array<int32_t, 2> candidates,
                   const PlacedBatch& batch, bool gradients) {
  const auto rows_of = [&](const at::Tensor& matrix) {
    return LogitDirection{matrix[candidates[0]], matrix[candidates[1]], at::Tensor()};
  };
  return one_logit(hidden, rows_of(output.value), output.trained() ? rows_of(output.gradient) : LogitDirection{}, batch,
                   false, gradients);
}

LossResult value_head(const at::Tensor& hidden, const Parameter& weight, const Parameter& bias,
                      const PlacedBatch& batch, bool squared, bool gradients) {
  LogitDirection to_direction;
  if (weight.trained()) to_direction = {weight.gradient[0], at::Tensor(), bias.gradient};
  return one_logit(hidden, {weight.value[0], at::Tensor(), bias.value}, to_direction, batch, squared, gradients);
}

}  // namespace erprm::accelerated
