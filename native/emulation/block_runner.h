// block_runner: runs the threads of one block after the other until all have ended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulation/block.h"
#include "emulation/block_memory.h"

namespace erprm::emulation {

class BlockRunner {
 public:
  BlockRunner(dim3 block, size_t shared_bytes);

  // Runs `body(arguments)` in every thread. Returns what went wrong, "" if nothing. The seed chooses the order.
  std::string run(uint64_t seed, void (*body)(void*), void* arguments);

  // For the running thread.
  [[noreturn]] void fail(const std::string& what);
  void wait(Thread::State state);
  void* shared() { return memory_.data(); }
  const Votes& votes() const { return votes_; }

 private:
  static void enter();
  bool run_until_stuck(uint64_t turn);
  bool judge();
  void release_barrier();

  Fiber host_;
  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  ThreadStacks stacks_;
  SharedMemory memory_;
  Votes votes_;
  std::string error_;
  void (*body_)(void*) = nullptr;
  void* arguments_ = nullptr;
};

}  // namespace erprm::emulation
