#include "engine/scorer.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/error.h"
#include "core/ragged.h"
#include "engine/score_part.h"

namespace erprm {
namespace {

// Rows of a forward pass. Activations of this many stay in the second-level cache while the weights pass over them:
// with 1024 rows SmolLM2-135M took a fifth more time, with 128 none less.
constexpr int64_t kForwardRows = 256;

// A sequence with a wanted position: its tokens up to the last one, since what comes later cannot matter.
struct Wanted {
  std::span<const int32_t> tokens;
  std::vector<int32_t> positions;  // within the sequence
  int64_t first_result;
  int64_t sequence;
};

std::vector<Wanted> wanted_sequences(const ScoreRequest& request, int64_t num_sequences) {
  std::vector<Wanted> wanted;
  size_t next = 0;
  for (int64_t s = 0; s < num_sequences && next < request.positions.size(); ++s) {
    const int32_t begin = request.offsets[s], end = request.offsets[s + 1];
    Wanted sequence{{}, {}, static_cast<int64_t>(next), s};
    for (; next < request.positions.size() && request.positions[next] < end; ++next) {
      sequence.positions.push_back(request.positions[next] - begin);
    }
    if (sequence.positions.empty()) continue;
    sequence.tokens = std::span(request.values).subspan(begin, sequence.positions.back() + 1);
    wanted.push_back(std::move(sequence));
  }
  return wanted;
}

void compute(const ScorePart& part, const Transformer& transformer, const ScoreHead& head, const KvBlockPool& pool,
             std::vector<float>& scores) {
  const int64_t width = head.num_outputs();
  ForwardBatch batch;
  std::vector<std::vector<int64_t>> results;
  std::vector<float> outputs;
  for (int64_t begin = 0; begin < part.num_rows(); begin += kForwardRows) {
    part.plan(begin, std::min(begin + kForwardRows, part.num_rows()), batch, results);
    const at::Tensor hidden = transformer.forward(batch, pool);  // [outputs, C]
    outputs.resize(results.size() * static_cast<size_t>(width));
    head.forward(hidden, outputs.data());
    for (size_t i = 0; i < results.size(); ++i) {
      const auto row = outputs.begin() + static_cast<int64_t>(i) * width;
      for (const int64_t result : results[i]) std::copy(row, row + width, scores.begin() + result * width);
    }
  }
}

}  // namespace

Scorer::Scorer(std::unique_ptr<Transformer> transformer, ScoreHead head, int64_t kv_memory_bytes)
    : transformer_(std::move(transformer)), head_(std::move(head)), pool_(transformer_->config(), kv_memory_bytes) {}

std::vector<float> Scorer::score(const ScoreRequest& request) {
  const std::vector<Wanted> wanted = wanted_sequences(request, check(request));
  const int64_t width = head_.num_outputs();
  std::vector<float> scores(request.positions.size() * static_cast<size_t>(width));
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
    compute(part, *transformer_, head_, pool_, scores);
  }
  for (const Wanted& sequence : wanted) {
    for (size_t i = 0; i < sequence.positions.size(); ++i) {
      const float* row = scores.data() + (sequence.first_result + static_cast<int64_t>(i)) * width;
      if (std::all_of(row, row + width, [](float number) { return std::isfinite(number); })) continue;
      throw Error(ErrorCode::NUMERICAL,
                  concat("Expected finite scores, received NaN or infinity at token ", sequence.positions[i],
                         " of sequence ", sequence.sequence, ": the weights or the activations of this model overflow"),
                  {{"sequence", sequence.sequence}, {"token", sequence.positions[i]}});
    }
  }
  return scores;
}

// Returns the number of sequences.
int64_t Scorer::check(const ScoreRequest& request) const {
  const ModelConfig& config = transformer_->config();
  const int64_t num_values = static_cast<int64_t>(request.values.size());
  const int64_t num_sequences = check_offsets("offsets", request.offsets, num_values);
  for (int64_t s = 0; s < num_sequences; ++s) {
    const int32_t length = request.offsets[s + 1] - request.offsets[s];
    require(length <= config.context_length, ErrorCode::INVALID_ARGUMENT, "Expected sequence ", s, " to have at most ",
            config.context_length, " tokens, received ", length);
    for (int32_t i = request.offsets[s]; i < request.offsets[s + 1]; ++i) {
      require(request.values[i] >= 0 && request.values[i] < config.vocabulary_size, ErrorCode::INVALID_ARGUMENT,
              "Expected tokens from 0 to ", config.vocabulary_size - 1, " in sequence ", s, ", received ",
              request.values[i]);
    }
  }
  for (size_t i = 0; i < request.positions.size(); ++i) {
    const int64_t lowest = i == 0 ? 0 : int64_t{request.positions[i - 1]} + 1;
    require(request.positions[i] >= lowest && request.positions[i] < num_values, ErrorCode::INVALID_ARGUMENT,
            "Expected positions to be ascending indices of the ", num_values, " values, received ",
            request.positions[i], " as positions[", i, "]", i == 0 ? "" : " after ",
            i == 0 ? "" : concat(request.positions[i - 1]));
  }
  return num_sequences;
}

}  // namespace erprm
