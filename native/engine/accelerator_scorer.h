// AcceleratorScorer: the scorer of CUDA devices (and of their emulation): packed sequences in a few large passes. Keys
// and values live for one pass, so nothing bounds them but the tokens of a pass.
// Thread: device thread only.
#pragma once

#include <memory>
#include <vector>

#include "engine/scorer.h"
#include "model/packed_forward.h"

namespace erprm {

class AcceleratorScorer : public Scorer {
 public:
  // Throws what load_accelerator_weights throws.
  AcceleratorScorer(const ModelConfig& config, const Checkpoint& checkpoint, ScoreHead head, at::ScalarType type,
                    DeviceChoice device);

 private:
  const ModelConfig& config() const override { return transformer_->config(); }
  void compute(const std::vector<WantedSequence>& sequences, std::vector<float>& scores) override;

  const AcceleratorStream stream_;
  std::unique_ptr<AcceleratorTransformer> transformer_;
  std::unique_ptr<PackedForward> packed_;
};

}  // namespace erprm
