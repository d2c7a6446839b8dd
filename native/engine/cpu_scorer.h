// CpuScorer: the scorer of the CPU.
//
// Sequences are taken together as far as the memory for keys and values goes; further ones follow in further parts.
// The numbers at a position depend on the tokens up to it and on nothing else: not on the sequences beside it, the
// parts, the budget or the threads.
// Thread: device thread only.
#pragma once

#include <memory>
#include <vector>

#include "engine/scorer.h"
#include "model/kv_cache.h"
#include "model/transformer.h"

namespace erprm {

class ScorePart;

class CpuScorer : public Scorer {
 public:
  // `transformer` needs no output matrix. Throws OUT_OF_MEMORY when the budget holds less than two blocks.
  CpuScorer(std::unique_ptr<Transformer> transformer, ScoreHead head, int64_t kv_memory_bytes);

 private:
  const ModelConfig& config() const override { return transformer_->config(); }
  void compute(const std::vector<WantedSequence>& sequences, std::vector<float>& scores) override;
  void compute_part(const ScorePart& part, std::vector<float>& scores) const;

  const std::unique_ptr<Transformer> transformer_;
  KvBlockPool pool_;
};

}  // namespace erprm
