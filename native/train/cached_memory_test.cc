#include "train/cached_memory.h"

#include <ATen/ops/empty.h>
#include <c10/core/CPUAllocator.h>

#include <cstring>

#include "core/testing.h"

namespace {

using erprm::BlockCache;
using erprm::CachedMemory;

constexpr size_t kLarge = 1 << 20, kSmall = 100;

TEST("a tensor made with cached memory may outlive it, and its memory is used again") {
  const auto cache = std::make_shared<BlockCache>();
  void* first = nullptr;
  {
    at::Tensor kept;
    {
      const CachedMemory memory(cache);
      kept = at::empty({static_cast<int64_t>(kLarge)}, at::kByte);
      first = kept.data_ptr();
    }
    kept.fill_(1);
  }
  const CachedMemory memory(cache);
  CHECK(at::empty({static_cast<int64_t>(kLarge)}, at::kByte).data_ptr() == first);
}

TEST("raw allocations of libtorch, large and small, are given back by their address, inside and outside of the scope") {
  c10::Allocator* allocator = nullptr;
  void* later[2];
  {
    const CachedMemory memory(std::make_shared<BlockCache>());
    allocator = c10::GetCPUAllocator();
    for (const size_t bytes : {kLarge, kSmall}) {
      void* data = allocator->raw_allocate(bytes);
      std::memset(data, 1, bytes);
      allocator->raw_deallocate(data);
    }
    later[0] = allocator->raw_allocate(kLarge);
    later[1] = allocator->raw_allocate(kSmall);
  }
  void* outside = allocator->raw_allocate(kLarge);
  for (void* data : {later[0], later[1], outside}) allocator->raw_deallocate(data);
}

}  // namespace
