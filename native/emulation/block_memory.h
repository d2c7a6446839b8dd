// block_memory: the stacks of a block's threads and its dynamic shared memory.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace erprm::emulation {

// Stacks with a page below each that faults when a thread uses more than it has. Kept from launch to launch.
class ThreadStacks {
 public:
  static constexpr size_t kBytes = 128 << 10;

  void reserve_threads(int count);
  void* stack(int number) const;
};

// Shared memory starts as NaN (a card's holds what the last block left), and writes behind its end are found.
class SharedMemory {
 public:
  explicit SharedMemory(size_t bytes);

  void* data();
  void poison();
  // What is wrong, "" if nothing.
  std::string overrun() const;

 private:
  static constexpr size_t kAlignment = 1024, kBehind = 1024;
  size_t bytes_;
  std::vector<unsigned char> memory_;
  size_t offset_ = 0;
};

}  // namespace erprm::emulation
