#include "train/cached_memory.h"

#include <c10/core/CPUAllocator.h>

#include <cstring>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

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

// Blocks in use, by their data: libtorch's raw allocations have nothing but the address to give back.
struct BlocksInUse {
  std::mutex mutex;
  std::unordered_map<void*, CachedBlock> blocks;

  void add(CachedBlock cached) {
    const std::lock_guard lock(mutex);
    blocks.emplace(cached.block.data, std::move(cached));
  }
  std::optional<CachedBlock> remove(void* data) {
    const std::lock_guard lock(mutex);
    const auto found = blocks.find(data);
    if (found == blocks.end()) return std::nullopt;
    CachedBlock cached = std::move(found->second);
    blocks.erase(found);
    return cached;
  }
};

// Never freed: tensors may go away while the process ends.
BlocksInUse& blocks_in_use() {
  static auto* const all = new BlocksInUse;
  return *all;
}

void give_back(void* data) {
  const std::optional<CachedBlock> cached = blocks_in_use().remove(data);
  cached->cache->give(cached->block);
}

c10::DeleterFnPtr other_deleter = nullptr;

// Of a raw allocation, ours or the other allocator's.
void give_back_raw(void* data) {
  if (const std::optional<CachedBlock> cached = blocks_in_use().remove(data)) {
    cached->cache->give(cached->block);
  } else {
    other_deleter(data);
  }
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
    blocks_in_use().add({block, *current});
    return {block.data, block.data, give_back, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return give_back_raw; }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }

 private:
  c10::Allocator* const other_;
};

void install() {
  // Never freed: tensors of other threads may be made at any time.
  static c10::Allocator* const allocator = [] {
    c10::Allocator* const other = c10::GetCPUAllocator();
    other_deleter = other->raw_deleter();
    auto* made = new CachingAllocator(other);
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
