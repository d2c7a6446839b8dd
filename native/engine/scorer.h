// Scorer: the numbers of a reward model at the steps of many sequences.
//
//   hidden = transformer(packed sequences) at the wanted positions only;  scores = head hidden
//
// What all devices have in common; the hidden states are CpuScorer's and AcceleratorScorer's. The head is f32 on the
// CPU either way: it has a few rows, and their error would be the score's. Thread: device thread only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/config.h"
#include "model/score_head.h"
#include "ops/device_fault.h"

namespace erprm {

// S sequences, ragged, and P positions.
struct ScoreRequest {
  std::vector<int32_t> values;
  std::vector<int32_t> offsets;    // [S + 1]
  std::vector<int32_t> positions;  // [P] indices into values, ascending
};

// A sequence with a wanted position: its tokens up to the last one, since what comes later cannot matter.
struct WantedSequence {
  std::span<const int32_t> tokens;
  std::vector<int32_t> positions;  // within the sequence
  int64_t first_result;
  int64_t sequence;  // its index in the request
};

class Scorer {
 public:
  virtual ~Scorer() = default;
  Scorer(const Scorer&) = delete;
  Scorer& operator=(const Scorer&) = delete;

  // f32 [P, O], O = outputs of the head. Throws INVALID_ARGUMENT (offsets, a token outside the vocabulary, a sequence
  // beyond the context, positions), OUT_OF_MEMORY (a sequence that the memory cannot hold even alone), and NUMERICAL
  // for a number that is not finite, naming sequence and position; DEVICE_FAULT when the device fails or failed before.
  std::vector<float> score(const ScoreRequest& request);

 protected:
  explicit Scorer(ScoreHead head) : head_(std::move(head)) {}

  virtual const ModelConfig& config() const = 0;
  // scores f32 [P, O]: result first_result + i of a sequence is the head's at its positions[i].
  virtual void compute(const std::vector<WantedSequence>& sequences, std::vector<float>& scores) = 0;

  const ScoreHead& head() const { return head_; }

 private:
  int64_t check(const ScoreRequest& request) const;

  const ScoreHead head_;
  DeviceFault fault_;
};

}  // namespace erprm
