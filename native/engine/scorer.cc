#include "engine/scorer.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/ragged.h"

namespace erprm {
namespace {

std::vector<WantedSequence> wanted_sequences(const ScoreRequest& request, int64_t num_sequences) {
  std::vector<WantedSequence> wanted;
  size_t next = 0;
  for (int64_t s = 0; s < num_sequences && next < request.positions.size(); ++s) {
    const int32_t begin = request.offsets[s], end = request.offsets[s + 1];
    WantedSequence sequence{{}, {}, static_cast<int64_t>(next), s};
    for (; next < request.positions.size() && request.positions[next] < end; ++next) {
      sequence.positions.push_back(request.positions[next] - begin);
    }
    if (sequence.positions.empty()) continue;
    sequence.tokens = std::span(request.values).subspan(begin, sequence.positions.back() + 1);
    wanted.push_back(std::move(sequence));
  }
  return wanted;
}

}  // namespace

std::vector<float> Scorer::score(const ScoreRequest& request) {
  const std::vector<WantedSequence> wanted = wanted_sequences(request, check(request));
  const int64_t width = head_.num_outputs();
  std::vector<float> scores(request.positions.size() * static_cast<size_t>(width));
  fault_.guard([&] { compute(wanted, scores); });
  for (const WantedSequence& sequence : wanted) {
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
  const ModelConfig& config = this->config();
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
