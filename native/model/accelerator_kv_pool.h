// AcceleratorKvPool: the memory for keys and values of an accelerator, one tensor that is taken when the model is
// loaded:
//
//   [L, num_blocks, 2 (keys, values), G, kKvTokens, D] of the model's element type
//
// A block's handle is its address in layer 0; layer l is layer_stride() * l elements further. Numbers of earlier
// sequences stay in a block: kernels read no further than a row's limit.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/accelerator_stream.h"
#include "model/block_pool.h"
#include "model/config.h"

namespace erprm {

class AcceleratorKvPool : public BlockPool {
 public:
  // Throws OUT_OF_MEMORY for a budget of less than two blocks, and torch's error for a device without room.
  AcceleratorKvPool(const ModelConfig& config, at::ScalarType type, int64_t budget_bytes,
                    const AcceleratorStream& stream);

  KvBlock allocate() override;
  void release(KvBlock block) override { free_.push_back(block); }

  int64_t num_blocks() const override { return num_blocks_; }
  int64_t num_free() const override { return static_cast<int64_t>(free_.size()); }
  int64_t block_bytes() const override { return block_bytes_; }
  int64_t peak_bytes() const override { return peak_used_ * block_bytes_; }

  int64_t layer_stride() const { return layer_stride_; }

 private:
  const int64_t block_bytes_;  // of all layers
  const int64_t num_blocks_;
  int64_t layer_stride_ = 0;  // in elements
  int64_t peak_used_ = 0;
  at::Tensor memory_;
  std::vector<KvBlock> free_;
};

}  // namespace erprm
