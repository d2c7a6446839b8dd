// RolloutEngine: the engine of the CPU. Every iteration is one forward pass: a row for each running completion and rows
// of trunks beside them.
//
// The first token of a completion costs no forward pass (it is drawn from the logits at the end of its prefix).
// Thread: device thread only.
#pragma once

#include <memory>
#include <vector>

#include "engine/engine.h"
#include "model/transformer.h"

namespace erprm {

class RolloutEngine : public Engine {
 public:
  RolloutEngine(std::unique_ptr<Transformer> transformer, SchedulerLimits limits, int64_t kv_memory_bytes,
                std::shared_ptr<EngineStats> stats);

 private:
  // A completion and the logits its next token is drawn from.
  struct Draw {
    Completion* completion;
    const float* logits;
  };

  void iterate() override;
  void compute_logits(const std::vector<int32_t>& tokens, const Visit& visit) override;
  void sample(const std::vector<Draw>& draws, Failed& failed);

  const std::unique_ptr<Transformer> transformer_;
  KvBlockPool& kv_pool_;
  // f32 [kLogitRows, V padded], kept: pages fresh from the system would cost a fault each in every iteration.
  std::vector<float> logits_;
};

}  // namespace erprm
