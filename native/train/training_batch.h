// TrainingBatch: packed sequences and what is trained towards at some of their positions, on the host.
#pragma once

#include <cstdint>
#include <vector>

namespace erprm {

// See src/native/contract.ts, NativeTrainingBatch.
struct TrainingBatch {
  std::vector<int32_t> values, offsets, positions, tokens;
  std::vector<float> labels, weights;
};

}  // namespace erprm
