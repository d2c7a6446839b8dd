// Keys and values in blocks of kKvTokens tokens, all layers of a token range in one block, from a pool of fixed size.
//
//   block = f32 [L, G, keys [kKvTokens/16, D, 16] | values [kKvTokens, D]], or bf16 in the order of attend_bf16
//   (kernels/kernel_table.h)
//
// The memory of the CPU.
// Thread: device thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/block_pool.h"
#include "model/config.h"

namespace erprm {

enum class KeyValueType { kF32, kBf16 };

class KvBlockPool : public BlockPool {
 public:
  // bf16: REQUIRES that the kernel table has attend_bf16. Blocks are taken from the system on first use and kept; their
  // total never exceeds `budget_bytes`.
  KvBlockPool(const ModelConfig& config, int64_t budget_bytes, KeyValueType type = KeyValueType::kF32);
  ~KvBlockPool() override;

  // A block of zeros, or nullptr when the budget is used up. Throws OUT_OF_MEMORY when the system has none.
  KvBlock allocate() override;
  void release(KvBlock block) override;

  int64_t num_blocks() const override { return num_blocks_; }
  int64_t num_free() const override { return num_blocks_ - num_used_; }
  int64_t peak_bytes() const override { return peak_used_ * block_bytes_; }
  int64_t block_bytes() const override { return block_bytes_; }

  KeyValueType type() const { return type_; }
  // In numbers of the pool's type.
  size_t key_offset(int layer, int kv_head) const;
  size_t value_offset(int layer, int kv_head) const;

  // Stores one token's key and value, f32 [D] each, at `slot` of a block.
  void write(KvBlock block, int layer, int kv_head, int slot, const float* key, const float* value) const;

 private:
  const KeyValueType type_;
  const int num_kv_heads_;
  const int head_size_;
  const int64_t key_depth_;  // D, or what it is rounded up to
  const int64_t block_bytes_;
  const int64_t num_blocks_;
  int64_t num_used_ = 0;
  int64_t peak_used_ = 0;
  std::vector<float*> allocated_;
  std::vector<float*> free_;
};

}  // namespace erprm
