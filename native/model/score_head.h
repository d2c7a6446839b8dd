// ScoreHead: from a final hidden state to the numbers a step score is made of: some rows of the output matrix, or the
// layers of a value head.
//
//   out = W_n relu(... relu(W_1 hidden + b_1) ...) + b_n
//
// Always f32, however the transformer holds its weights: a few rows cost nothing, and their error would be the score's.
// Constant after construction; threads: those of the caller's pool (core/parallel.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/checkpoint.h"
#include "model/config.h"
#include "ops/packed_linear.h"

namespace erprm {

// See src/native/contract.ts, ValueHeadLayer: tensors NAME.weight [outputs, inputs] and, with bias, NAME.bias
// [outputs].
struct ValueHeadLayer {
  std::string name;
  int64_t outputs;
  bool bias;
};

class ScoreHead {
 public:
  // Rows of the output matrix, one or more. Throws INVALID_ARGUMENT for a token outside the vocabulary.
  static ScoreHead candidates(const ModelConfig& config, const Checkpoint& checkpoint, std::span<const int32_t> tokens);
  // One layer or more. Throws INVALID_CHECKPOINT for a missing, misshapen or non-finite tensor.
  static ScoreHead value_head(const ModelConfig& config, const Checkpoint& checkpoint,
                              const std::vector<ValueHeadLayer>& layers);

  // hidden f32 [rows, padded(hidden)] -> out f32 [rows, num_outputs()]
  void forward(const at::Tensor& hidden, float* out) const;
  int64_t num_outputs() const { return num_outputs_; }

 private:
  ScoreHead() = default;

  std::vector<PackedLinear> layers_;
  int64_t num_outputs_ = 0;
};

}  // namespace erprm
