// PackedForward: whole sequences, none attending to another, through an accelerator's transformer in a few large
// passes: the reading of prefixes, the recomputation of what was preempted, and scoring.
//
// Keys and values that are to be kept go to blocks; everything else lives for one pass, in memory that the next one has
// again. A sequence longer than the budget of a pass has a pass of its own.
// Thread: device thread only.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/accelerator_kv_pool.h"
#include "model/accelerator_transformer.h"

namespace erprm {

struct PackedSequence {
  std::span<const int32_t> tokens;  // one or more
  // Token i >= first_stored leaves its key and value at slot (i - first_stored) % kKvTokens of block
  // blocks[(i - first_stored) / kKvTokens], and earlier ones nowhere. Null: none does.
  int32_t first_stored;
  const KvBlock* blocks;
  std::vector<int32_t> wanted;  // ascending positions whose final hidden states are wanted
};

class PackedForward {
 public:
  // `most_rows`: tokens of a pass. Both are used as long as this lives.
  PackedForward(const AcceleratorTransformer& transformer, int64_t most_rows)
      : transformer_(transformer), most_rows_(most_rows) {}

  // The final hidden states of the wanted positions, in order: T [W, C] on the device. `pool` may be null when nothing
  // is stored. Waits for nothing. REQUIRES: the transformer's stream is in use.
  at::Tensor forward(std::span<const PackedSequence> sequences, const AcceleratorKvPool* pool);

  int64_t num_passes() const { return num_passes_; }

  // Bytes that a pass of so many tokens takes beside the weights.
  int64_t pass_bytes(int64_t rows) const { return 2 * rows * transformer_.row_bytes(); }

 private:
  RowBuffers buffers(int64_t num_rows);
  at::Tensor pass(std::span<const PackedSequence> sequences, const AcceleratorKvPool* pool);

  const AcceleratorTransformer& transformer_;
  const int64_t most_rows_;
  int64_t num_passes_ = 0;
  std::optional<RowBuffers> kept_;  // of the largest pass within the budget so far, or more
};

}  // namespace erprm
