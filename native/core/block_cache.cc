#include "core/block_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>

namespace erprm {
namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;

// A request is served by a block up to a quarter larger, and the memory held may be a quarter more than was ever in
// use.
constexpr size_t with_slack(size_t bytes) { return bytes + bytes / 4; }

void* allocate(size_t bytes) {
  const bool huge = bytes >= kHugePage;
  void* data = nullptr;
  if (posix_memalign(&data, huge ? kHugePage : kCacheLine, bytes) != 0) return nullptr;
  // One fault for 2 MiB instead of 512; where the system has no huge pages the call does nothing.
  if (huge) madvise(data, bytes, MADV_HUGEPAGE);
  return data;
}

}  // namespace

BlockCache::~BlockCache() { release_down_to(used_); }

BlockCache::Block BlockCache::take(size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = waiting_.lower_bound(bytes);
  Block block{nullptr, bytes};
  if (found != waiting_.end() && found->first <= with_slack(bytes)) {
    block = {found->second.back(), found->first};
    found->second.pop_back();
    if (found->second.empty()) waiting_.erase(found);
    waiting_bytes_ -= block.bytes;
  } else {
    release_down_to(with_slack(std::max(most_used_, used_ + bytes)) - bytes);
    block.data = allocate(bytes);
    if (block.data == nullptr && waiting_bytes_ > 0) {
      release_down_to(used_);
      block.data = allocate(bytes);
    }
    if (block.data == nullptr) return block;
  }
  used_ += block.bytes;
  most_used_ = std::max(most_used_, used_);
  return block;
}

void BlockCache::give(const Block& block) {
  const std::lock_guard lock(mutex_);
  waiting_[block.bytes].push_back(block.data);
  used_ -= block.bytes;
  waiting_bytes_ += block.bytes;
}

size_t BlockCache::held_bytes() const {
  const std::lock_guard lock(mutex_);
  return used_ + waiting_bytes_;
}

// Gives waiting blocks to the system, the largest first, until no more than `held` bytes are in use or waiting.
void BlockCache::release_down_to(size_t held) {
  while (used_ + waiting_bytes_ > held && !waiting_.empty()) {
    const auto largest = std::prev(waiting_.end());
    std::free(largest->second.back());
    waiting_bytes_ -= largest->first;
    largest->second.pop_back();
    if (largest->second.empty()) waiting_.erase(largest);
  }
}

}  // namespace erprm
