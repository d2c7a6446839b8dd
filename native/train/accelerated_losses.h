// The losses of losses.h on the accelerator: nothing is brought to the host but, when the batch is done, the losses and
// scores (LossResult::read).
#pragma once

#include "train/losses.h"

namespace erprm::accelerated {

LossResult next_token(const at::Tensor& hidden, const Parameter& output, const PlacedBatch& batch, bool gradients);
LossResult two_way(const at::Tensor& hidden, const Parameter& output, std::array<int32_t, 2> candidates,
                   const PlacedBatch& batch, bool gradients);
// `squared`: the loss of that name, otherwise binary.
LossResult value_head(const at::Tensor& hidden, const Parameter& weight, const Parameter& bias,
                      const PlacedBatch& batch, bool squared, bool gradients);

}  // namespace erprm::accelerated
