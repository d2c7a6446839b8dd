// losses: what is trained towards, one function each.
//
// A loss takes hidden states h [P, C] (after the last norm) and gives l_p for every position. With `gradients` it also
// gives the gradient of sum over p of weights[p] * l_p with respect to h, and adds that of its own parameters to them.
//
// Equations, with v the label in [0, 1]; W [V, C] the output matrix, u [1, C] and b [1] the value head:
//   next_token   l = -ln softmax(W h)[token]
//   two_way      l = -(v ln p + (1 - v) ln(1 - p)),  p = softmax(W h restricted to two candidate rows)[0]
//                    = 1 / (1 + exp(-(w+ - w-) h)), the probability of the positive candidate.
//                Source: the two-way soft cross-entropy of ER-PRM (arXiv 2412.11006) over the tokens + and -.
//   binary       l = -(v ln p + (1 - v) ln(1 - p)),  p = 1 / (1 + exp(-(u h + b)))
//   squared      l = (p - v)^2,                      p as in binary
//   outcome      one of two_way, binary and squared at the last step of a solution only, v its outcome; which positions
//                there are is the caller's choice.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "train/parameter.h"
#include "train/placed_batch.h"

namespace erprm {

struct LossResult {
  std::vector<float> losses;   // [P]
  std::vector<float> scores;   // [P] p; empty for next_token
  at::Tensor hidden_gradient;  // [P, C]; undefined without gradients
  at::Tensor pending;          // f32 [1 or 2, P]: losses and scores that are not on the host yet

  // Brings what is pending to the host: waits for the device, so this is done when a batch's work is all queued.
  void read();
};

LossResult next_token(const at::Tensor& hidden, const Parameter& output, const PlacedBatch& batch, bool gradients);

// candidates: rows of the output matrix, positive first.
LossResult two_way(const at::Tensor& hidden, const Parameter& output, std::array<int32_t, 2> candidates,
                   const PlacedBatch& batch, bool gradients);

LossResult binary(const at::Tensor& hidden, const Parameter& value_weight, const Parameter& value_bias,
                  const PlacedBatch& batch, bool gradients);

LossResult squared(const at::Tensor& hidden, const Parameter& value_weight, const Parameter& value_bias,
                   const PlacedBatch& batch, bool gradients);

}  // namespace erprm
