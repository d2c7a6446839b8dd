#include "engine/accelerator_scorer.h"

#include <ATen/ops/zeros.h>

#include <utility>

namespace erprm {
namespace {

// Tokens of a pass: enough to keep a card busy, few enough that the widest activations of a large model take a
// gigabyte.
constexpr int64_t kPassTokens = 8192;

}  // namespace

AcceleratorScorer::AcceleratorScorer(const ModelConfig& config, const Checkpoint& checkpoint, ScoreHead head,
                                     at::ScalarType type, DeviceChoice device)
    : Scorer(std::move(head)), stream_(device) {
  const AcceleratorStream::Use use(stream_);
  transformer_ = std::make_unique<AcceleratorTransformer>(config, checkpoint, type, OutputMatrix::kAbsent, stream_);
  packed_ = std::make_unique<PackedForward>(*transformer_, kPassTokens);
}

void AcceleratorScorer::compute(const std::vector<WantedSequence>& sequences, std::vector<float>& scores) {
  if (sequences.empty()) return;
  const AcceleratorStream::Use use(stream_);
  std::vector<PackedSequence> packed;
  // Sequences are in the order of their results, so the rows are too.
  for (const WantedSequence& sequence : sequences) packed.push_back({sequence.tokens, 0, nullptr, sequence.positions});
  const at::Tensor hidden = packed_->forward(packed, nullptr).to(at::kCPU, at::kFloat);  // [P, C]
  const at::Tensor rows = at::zeros({hidden.size(0), padded(hidden.size(1))}, at::kFloat);
  rows.narrow(1, 0, hidden.size(1)).copy_(hidden);
  head().forward(rows, scores.data());
}

}  // namespace erprm
