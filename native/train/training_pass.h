// TrainingPass: one forward pass over a packed batch and, once the gradient of its result is known, the backward pass.
//
// Plain: one graph from the embedding to the hidden states. With gradient checkpointing: only each layer's input is
// kept; backward builds one layer's graph at a time from it, so that the activations of one layer exist at once.
// Thread: device thread only.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "train/network.h"

namespace erprm {

class TrainingPass {
 public:
  enum class Mode { kForwardOnly, kPlain, kCheckpointed };

  // The network and the batch outlive the pass.
  TrainingPass(const TrainingNetwork& network, const PlacedBatch& batch, Mode mode);

  // [P, C], no part of a graph.
  const at::Tensor& hidden() const { return hidden_; }

  // Adds the gradients of all trained parameters, given that of hidden() [P, C]. Once, and not after kForwardOnly.
  void backward(const at::Tensor& hidden_gradient);

 private:
  at::Tensor backward_through(at::Tensor leaf, at::Tensor result, const at::Tensor& gradient) const;

  const TrainingNetwork& network_;
  const PlacedBatch& batch_;
  const std::shared_ptr<const PackedSequences> sequences_;
  const Mode mode_;
  at::Tensor hidden_;
  at::Tensor leaf_, result_;        // kPlain: where the graph begins [T, C], and ends [P, C]
  std::vector<at::Tensor> inputs_;  // kCheckpointed: of every layer, [T, C] each
};

}  // namespace erprm
