// CachedMemory: while one lives, the tensors that the calling thread makes on the CPU take their memory from a cache
// (core/block_cache.h). They may outlive it, and go away on any thread.
//
// libtorch has one allocator for the CPU. The first use puts ours in its place, which hands everything on to the one
// before unless the calling thread has a cache.
#pragma once

#include <memory>

#include "core/block_cache.h"

namespace erprm {

class CachedMemory {
 public:
  explicit CachedMemory(std::shared_ptr<BlockCache> cache);
  ~CachedMemory();
  CachedMemory(const CachedMemory&) = delete;
  CachedMemory& operator=(const CachedMemory&) = delete;

 private:
  const std::shared_ptr<BlockCache> cache_;
  const std::shared_ptr<BlockCache>* const previous_;
};

}  // namespace erprm
