// BlockPool: memory for keys and values in blocks of kKvTokens tokens, of a fixed total. A block is known by its
// address; on an accelerator that is an address which only its kernels read.
//
// A trunk is a list of blocks; a completion is a trunk's prefix plus its own list of blocks. Nothing is ever copied.
// Thread: device thread only.
#pragma once

#include <cstdint>

#include "kernels/kernel_table.h"

namespace erprm {

using KvBlock = float*;

class BlockPool {
 public:
  virtual ~BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // A block, or nullptr when all are used. Throws OUT_OF_MEMORY when the system has none.
  virtual KvBlock allocate() = 0;
  virtual void release(KvBlock block) = 0;

  virtual int64_t num_blocks() const = 0;
  virtual int64_t num_free() const = 0;
  virtual int64_t block_bytes() const = 0;
  virtual int64_t peak_bytes() const = 0;
  int64_t used_bytes() const { return (num_blocks() - num_free()) * block_bytes(); }

  // Blocks needed for this many tokens.
  static int64_t blocks_for(int64_t tokens) { return (tokens + kKvTokens - 1) / kKvTokens; }

 protected:
  BlockPool() = default;
};

}  // namespace erprm
