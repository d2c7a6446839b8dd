// block: the threads of one emulated block, where each of them stands, and how they wait for each other.
//
// The threads of a block are fibers of one host thread. Each runs until it waits or ends; the order in which they get
// their turn changes from turn to turn and from block to block (but not from run to run), so that a kernel that relies
// on an order fails. What a card would punish, or leave undefined, ends the launch with an error that names the place.
#pragma once

#include <string>
#include <vector>

#include "emulation/fiber.h"
#include "emulation/types.h"

// What a kernel reads, set for every turn of a thread.
inline uint3 threadIdx, blockIdx;
inline dim3 blockDim, gridDim;
inline constexpr int warpSize = 32;

namespace erprm::emulation {

// A line of a kernel; as a default argument, that of the call. Clang has no std::source_location before its version 16.
struct Place {
  const char* file = "";
  int line = 0;

  static constexpr Place current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};
inline constexpr int kLanes = 32;

struct Warp;

// One thread of the block.
struct Thread {
  enum class State { ready, at_barrier, in_warp, ended };

  Fiber fiber;
  State state = State::ready;
  uint3 index{};   // its threadIdx
  int number = 0;  // x fastest, as CUDA counts
  int lane = 0;
  Warp* warp = nullptr;
  Place place;  // where it waits
  // What it brought to the barrier of the block, or of the warp.
  int vote = 0;
  unsigned mask = 0;
  void* part = nullptr;
  const void* operation = nullptr;
  // Copies of __pipeline_memcpy_async that were not waited for (emulation/pipeline.h).
  struct Copy {
    void* to;
    const void* from;
    size_t bytes, zeros;
    int batch;
  };
  std::vector<Copy> copies;
  int batches = 0;
};

struct Warp {
  Thread* lanes[kLanes] = {};
  unsigned present = 0;  // lanes that exist
  unsigned waiting = 0;  // lanes inside an operation of the warp
};

// How the votes of a barrier are told to the threads.
struct Votes {
  int count = 0;
  bool any = false, all = false;
};

// The thread that runs.
extern Thread* running;

// Ends the launch with an error. The running thread never goes on.
[[noreturn]] void fail(const std::string& what, const Place& place);

// Waits until every thread of the block is here.
Votes block_barrier(int vote, const Place& place);

// An operation of the lanes in `mask` together. Every lane brings a part; when all are there, the last one runs
// `action` on the parts (null for lanes outside the mask), and then they all go on.
void warp_operation(unsigned mask, void* part, void (*action)(void* const parts[kLanes]), const Place& place);

// The dynamic shared memory of the block that runs.
void* dynamic_shared();

}  // namespace erprm::emulation
