#include "core/block_cache.h"

#include <cstdint>

#include "core/testing.h"

namespace erprm {
namespace {

TEST("a block that was given back serves the next request of its size or a little less, and no larger one") {
  BlockCache cache;
  const BlockCache::Block first = cache.take(100'000);
  cache.give(first);
  const BlockCache::Block second = cache.take(90'000);
  CHECK(second.data == first.data && second.bytes == 100'000);
  const BlockCache::Block third = cache.take(100'000);
  CHECK(third.data != second.data);
  cache.give(second);
  cache.give(third);
  const BlockCache::Block small = cache.take(50'000);
  CHECK(small.bytes == 50'000);
  cache.give(small);
}

TEST("a block is writable to its end and begins at a cache line") {
  BlockCache cache;
  for (size_t bytes : {1, 64, 513, 4096, 4097, 1'000'000, 5'000'001}) {
    const BlockCache::Block block = cache.take(bytes);
    CHECK(block.bytes >= bytes);
    CHECK(reinterpret_cast<uintptr_t>(block.data) % 64 == 0);
    auto* data = static_cast<unsigned char*>(block.data);
    data[0] = data[block.bytes - 1] = 1;
    cache.give(block);
  }
}

TEST("whatever sizes come, the memory held stays within a quarter of the most that was in use at once") {
  BlockCache cache;
  for (size_t round = 0; round < 50; ++round) {
    const size_t bytes = 100'000 + 20'000 * (round * 7 % 50);
    const BlockCache::Block one = cache.take(bytes), other = cache.take(bytes / 3);
    cache.give(one);
    cache.give(other);
  }
  const size_t most_used = (100'000 + 20'000 * 49) * 4 / 3;
  // A block may be a quarter larger than what was asked for, which counts as used.
  CHECK(cache.held_bytes() <= most_used * 5 / 4 * 5 / 4);
}

TEST("a request that the system refuses does not count as memory that was ever in use") {
  BlockCache cache;
  CHECK(cache.take(size_t{1} << 60).data == nullptr);
  CHECK(cache.held_bytes() == 0);
  for (size_t bytes = 100'000; bytes < 2'000'000; bytes += bytes / 3) cache.give(cache.take(bytes));
  CHECK(cache.held_bytes() <= 2'000'000 * 5 / 4);
}

}  // namespace
}  // namespace erprm
