#include "train/cached_memory.h"

#include <c10/core/CPUAllocator.h>

#include <cstring>

#include "core/error.h"

namespace erprm {
namespace {

// Smaller blocks are the system allocator's business: it keeps them itself.
constexpr size_t kSmallest = 64 << 10;

// The cache of the calling thread.
thread_local const std::shared_ptr<BlockCache>* current = nullptr;

struct CachedBlock {
  BlockCache::Block block;
  std::shared_ptr<BlockCache> cache;
};

void give_back(void* context) {
  const std::unique_ptr<CachedBlock> cached(static_cast<CachedBlock*>(context));
  cached->cache->give(cached->block);
}

class CachingAllocator : public c10::Allocator {
 public:
  explicit CachingAllocator(c10::Allocator* other) : other_(other) {}

  c10::DataPtr allocate(size_t bytes) override {
    if (current == nullptr || bytes < kSmallest) return other_->allocate(bytes);
    const BlockCache::Block block = (*current)->take(bytes);
    if (block.data == nullptr) {
      throw Error(ErrorCode::OUT_OF_MEMORY, concat("Expected ", bytes, " bytes of memory for a tensor, received none"),
                  {{"requestedBytes", static_cast<int64_t>(bytes)}});
    }
    return {block.data, new CachedBlock{block, *current}, give_back, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return other_->raw_deleter(); }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }

 private:
  c10::Allocator* const other_;
};

void install() {
  // Never freed: tensors of other threads may be made at any time.
  static c10::Allocator* const allocator = [] {
    auto* made = new CachingAllocator(c10::GetCPUAllocator());
    c10::SetCPUAllocator(made, 1);
    return made;
  }();
  (void)allocator;
}

}  // namespace

CachedMemory::CachedMemory(std::shared_ptr<BlockCache> cache) : cache_(std::move(cache)), previous_(current) {
  install();
  current = &cache_;
}

CachedMemory::~CachedMemory() { current = previous_; }

}  // namespace erprm
