#include "engine/cpu_scorer.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "engine/score_part.h"

namespace erprm {
namespace {

// Rows of a forward pass. Activations of this many stay in the second-level cache while the weights pass over them:
// with 1024 rows SmolLM2-135M took a fifth more time, with 128 none less.
constexpr int64_t kForwardRows = 256;

}  // namespace

CpuScorer::CpuScorer(std::unique_ptr<Transformer> transformer, ScoreHead head, int64_t kv_memory_bytes)
    : Scorer(std::move(head)),
      transformer_(std::move(transformer)),
      pool_(transformer_->config(), kv_memory_bytes, transformer_->key_value_type()) {}

void CpuScorer::compute_part(const ScorePart& part, std::vector<float>& scores) const {
  const int64_t width = head().num_outputs();
  ForwardBatch batch;
  std::vector<std::vector<int64_t>> results;
  std::vector<float> outputs;
  for (int64_t begin = 0; begin < part.num_rows(); begin += kForwardRows) {
    part.plan(begin, std::min(begin + kForwardRows, part.num_rows()), batch, results);
    const at::Tensor hidden = transformer_->forward(batch, pool_);  // [outputs, C]
    outputs.resize(results.size() * static_cast<size_t>(width));
    head().forward(hidden, outputs.data());
    for (size_t i = 0; i < results.size(); ++i) {
      const auto row = outputs.begin() + static_cast<int64_t>(i) * width;
      for (const int64_t result : results[i]) std::copy(row, row + width, scores.begin() + result * width);
    }
  }
}

void CpuScorer::compute(const std::vector<WantedSequence>& wanted, std::vector<float>& scores) {
  for (size_t next = 0; next < wanted.size();) {
    ScorePart part(pool_);
    const size_t first = next;
    while (next < wanted.size() && part.add(wanted[next].tokens, wanted[next].positions, wanted[next].first_result)) {
      ++next;
    }
    if (next == first) {
      const int64_t bytes =
          KvBlockPool::blocks_for(static_cast<int64_t>(wanted[next].tokens.size())) * pool_.block_bytes();
      throw Error(ErrorCode::OUT_OF_MEMORY,
                  concat("Expected the key-value memory to hold sequence ", wanted[next].sequence, " of ",
                         wanted[next].tokens.size(), " tokens, received a budget of ",
                         pool_.num_blocks() * pool_.block_bytes(), " bytes"),
                  {{"requestedBytes", bytes}, {"freeBytes", pool_.num_blocks() * pool_.block_bytes()}});
    }
    compute_part(part, scores);
  }
}

}  // namespace erprm
