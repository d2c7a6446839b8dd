#include "emulation/block_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/error.h"

namespace erprm::emulation {

namespace {

constexpr unsigned char kPoison = 0xFF;
constexpr size_t kGuard = 4096;
// Threads of one block touch the same depth of their stacks: without this all of it would fall into one cache set.
constexpr size_t kStagger = 192;

std::vector<unsigned char*>& mapped() {
  static std::vector<unsigned char*> stacks;
  return stacks;
}

}  // namespace

void ThreadStacks::reserve_threads(int count) {
  while (static_cast<int>(mapped().size()) < count) {
    void* memory = mmap(nullptr, kGuard + kBytes + 32 * kStagger, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(memory != MAP_FAILED && mprotect(memory, kGuard, PROT_NONE) == 0, ErrorCode::OUT_OF_MEMORY,
            "Expected memory for the stacks of emulated threads, found none");
    mapped().push_back(static_cast<unsigned char*>(memory));
  }
}

void* ThreadStacks::stack(int number) const { return mapped()[number] + kGuard + (number % 32) * kStagger; }

SharedMemory::SharedMemory(size_t bytes) : bytes_(bytes), memory_(bytes + kAlignment + kBehind) {
  const auto start = reinterpret_cast<uintptr_t>(memory_.data());
  offset_ = (kAlignment - start % kAlignment) % kAlignment;
}

void* SharedMemory::data() { return memory_.data() + offset_; }

void SharedMemory::poison() { std::memset(memory_.data(), kPoison, memory_.size()); }

std::string SharedMemory::overrun() const {
  const auto is_touched = [](unsigned char byte) { return byte != kPoison; };
  const auto behind = memory_.begin() + static_cast<std::ptrdiff_t>(offset_ + bytes_);
  const auto found = std::find_if(behind, memory_.end(), is_touched);
  const bool before = std::any_of(memory_.begin(), memory_.begin() + static_cast<std::ptrdiff_t>(offset_), is_touched);
  if (found == memory_.end() && !before) return "";
  if (before) return "dynamic shared memory was written before its start";
  return "dynamic shared memory of " + std::to_string(bytes_) + " bytes was written at byte " +
         std::to_string(bytes_ + static_cast<size_t>(found - behind));
}

}  // namespace erprm::emulation
