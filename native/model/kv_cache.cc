#include "model/kv_cache.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "core/error.h"
#include "kernels/kernel_table.h"

namespace erprm {

KvBlockPool::KvBlockPool(const ModelConfig& config, int64_t budget_bytes, KeyValueType type)
    : type_(type),
      num_kv_heads_(config.num_kv_heads),
      head_size_(config.head_size),
      key_depth_(type == KeyValueType::kBf16 ? whole_tiles_of(head_size_) : head_size_),
      block_bytes_((type == KeyValueType::kBf16 ? 2 : 4) * kKvTokens * (key_depth_ + head_size_) * num_kv_heads_ *
                   config.num_layers),
      num_blocks_(budget_bytes / block_bytes_) {
  if (num_blocks_ < 2) {
    throw Error(ErrorCode::OUT_OF_MEMORY,
                concat("Expected the key-value memory to hold at least 2 blocks of ", block_bytes_,
                       " bytes, received a budget of ", budget_bytes, " bytes"),
                {{"requestedBytes", 2 * block_bytes_}, {"freeBytes", budget_bytes}});
  }
}

KvBlockPool::~KvBlockPool() {
  for (float* block : allocated_) std::free(block);
}

KvBlock KvBlockPool::allocate() {
  if (num_used_ == num_blocks_) return nullptr;
  float* block = nullptr;
  if (!free_.empty()) {
    block = free_.back();
    free_.pop_back();
  } else {
    block = static_cast<float*>(std::aligned_alloc(64, static_cast<size_t>(block_bytes_)));
    if (block == nullptr) {
      throw Error(ErrorCode::OUT_OF_MEMORY,
                  concat("The system has no memory for ", block_bytes_, " bytes of keys and values"),
                  {{"requestedBytes", block_bytes_}});
    }
    allocated_.push_back(block);
  }
  // A masked key has weight 0, and 0 times what lies in the block must be 0: no NaN of an earlier sequence may lie
  // there.
  std::memset(block, 0, static_cast<size_t>(block_bytes_));
  ++num_used_;
  peak_used_ = std::max(peak_used_, num_used_);
  return block;
}

void KvBlockPool::release(KvBlock block) {
  free_.push_back(block);
  --num_used_;
}

size_t KvBlockPool::key_offset(int layer, int kv_head) const {
  return (static_cast<size_t>(layer) * num_kv_heads_ + kv_head) * kKvTokens * (key_depth_ + head_size_);
}

size_t KvBlockPool::value_offset(int layer, int kv_head) const {
  return key_offset(layer, kv_head) + static_cast<size_t>(kKvTokens) * key_depth_;
}

void KvBlockPool::write(KvBlock block, int layer, int kv_head, int slot, const float* key, const float* value) const {
  if (type_ == KeyValueType::kBf16) {
    auto* halves = reinterpret_cast<uint16_t*>(block);
    return kernel_table().store_bf16(key, value, head_size_, slot, halves + key_offset(layer, kv_head),
                                     halves + value_offset(layer, kv_head));
  }
  float* keys =
      block + key_offset(layer, kv_head) + static_cast<size_t>(slot / kPanel) * head_size_ * kPanel + slot % kPanel;
  for (int d = 0; d < head_size_; ++d) keys[static_cast<size_t>(d) * kPanel] = key[d];
  std::memcpy(block + value_offset(layer, kv_head) + static_cast<size_t>(slot) * head_size_, value,
              sizeof(float) * head_size_);
}

}  // namespace erprm
