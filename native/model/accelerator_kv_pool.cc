#include "model/accelerator_kv_pool.h"

#include <ATen/ops/zeros.h>

#include <algorithm>

#include "core/error.h"

namespace erprm {

AcceleratorKvPool::AcceleratorKvPool(const ModelConfig& config, at::ScalarType type, int64_t budget_bytes,
                                     const AcceleratorStream& stream)
    : block_bytes_(static_cast<int64_t>(c10::elementSize(type)) * 2 * kKvTokens * config.head_size *
                   config.num_kv_heads * config.num_layers),
      num_blocks_(budget_bytes / block_bytes_) {
  if (num_blocks_ < 2) {
    throw Error(ErrorCode::OUT_OF_MEMORY,
                concat("Expected the key-value memory to hold at least 2 blocks of ", block_bytes_,
                       " bytes, received a budget of ", budget_bytes, " bytes"),
                {{"requestedBytes", 2 * block_bytes_}, {"freeBytes", budget_bytes}});
  }
  // Zeros: a masked key has weight 0, and 0 times what lies there must be 0.
  memory_ = at::zeros({config.num_layers, num_blocks_, 2, config.num_kv_heads, kKvTokens, config.head_size},
                      at::TensorOptions(stream.device()).dtype(type));
  layer_stride_ = memory_.stride(0);
  char* base = static_cast<char*>(memory_.data_ptr());
  const int64_t step = memory_.stride(1) * memory_.element_size();
  free_.reserve(static_cast<size_t>(num_blocks_));
  // Handed out from the front.
  for (int64_t b = num_blocks_ - 1; b >= 0; --b) free_.push_back(reinterpret_cast<KvBlock>(base + b * step));
}

KvBlock AcceleratorKvPool::allocate() {
  if (free_.empty()) return nullptr;
  const KvBlock block = free_.back();
  free_.pop_back();
  peak_used_ = std::max(peak_used_, num_blocks_ - num_free());
  return block;
}

}  // namespace erprm
