// TrainingNetwork: the transformer of model/transformer.h under autograd, over whole packed sequences.
//
//   x = embed(tokens);  x = layer_l(x) for every layer;  hidden = rms_norm(x)
//
// Only the wanted positions go through the last layer's feed-forward part: few, when one token a step is scored.
// Activations have the type of computation; parameters are f32. Thread: device thread only.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "model/config.h"
#include "train/angle_table.h"
#include "train/autograd_ops.h"
#include "train/parameters.h"
#include "train/placed_batch.h"

namespace erprm {

class TrainingNetwork {
 public:
  TrainingNetwork(ModelConfig config, std::shared_ptr<const Parameters> parameters, at::ScalarType compute_type);

  // Offsets and angles of a batch.
  std::shared_ptr<const PackedSequences> pack(const PlacedBatch& batch) const;

  // [T, C], no part of a graph.
  at::Tensor embed(const PlacedBatch& batch) const;
  // Adds the gradient of what `embed` gave to the embedding's, where that is trained.
  void embed_backward(const at::Tensor& gradient, const PlacedBatch& batch) const;

  // x [T, C] -> [T, C]; the last layer gives the rows at `positions` (i32 [P]) alone, normalised: hidden [P, C].
  at::Tensor layer(int index, const at::Tensor& x, const std::shared_ptr<const PackedSequences>& sequences,
                   const at::Tensor& positions) const;

  int num_layers() const { return config_.num_layers; }
  const ModelConfig& config() const { return config_; }
  const Parameters& parameters() const { return *parameters_; }

 private:
  const ModelConfig config_;
  const std::shared_ptr<const Parameters> parameters_;
  const at::ScalarType compute_type_;
  const std::unique_ptr<AngleTable> angles_;
};

}  // namespace erprm
