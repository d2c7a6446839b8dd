// BlockCache: large blocks of memory that are used again instead of being given back to the system.
//
// A training pass allocates and frees the same gigabytes of activations again and again. Fresh from the system every
// page of them costs a fault and is filled with zeros; kept, they cost nothing. A block serves requests of its size or
// a little less. Blocks that wait are given back when the memory held would grow well beyond what was in use at once.
// Any thread.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <vector>

namespace erprm {

class BlockCache {
 public:
  struct Block {
    void* data;  // aligned to a cache line; null when the system has no memory
    size_t bytes;
  };

  BlockCache() = default;
  // REQUIRES: every block was given back.
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  // A block of at least `bytes` bytes; its content is whatever it was. Before it says that the system has no memory it
  // has given back all that waited.
  Block take(size_t bytes);
  void give(const Block& block);

  // Bytes held: in use, and waiting.
  size_t held_bytes() const;

 private:
  void release_down_to(size_t held);

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<size_t, std::vector<void*>> waiting_;  // by size
  size_t used_ = 0, most_used_ = 0, waiting_bytes_ = 0;
};

}  // namespace erprm
