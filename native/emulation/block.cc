#include "emulation/block.h"

#include <bit>
#include <cstdio>
#include <cstring>

#include "emulation/block_runner.h"

namespace erprm::emulation {

Thread* running = nullptr;

namespace {

BlockRunner* current = nullptr;

std::string at(const Place& place) {
  const char* name = std::strrchr(place.file, '/');
  return std::string(name ? name + 1 : place.file) + ":" + std::to_string(place.line);
}

bool same_place(const Place& a, const Place& b) { return a.line == b.line && std::strcmp(a.file, b.file) == 0; }

std::string lanes_text(unsigned mask) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", mask);
  return text;
}

}  // namespace

void fail(const std::string& what, const Place& place) { current->fail(at(place) + ": " + what); }

void* dynamic_shared() { return current->shared(); }

Votes block_barrier(int vote, const Place& place) {
  running->vote = vote;
  running->place = place;
  current->wait(Thread::State::at_barrier);
  return current->votes();
}

void warp_operation(unsigned mask, void* part, void (*action)(void* const parts[kLanes]), const Place& place) {
  Thread& self = *running;
  Warp& warp = *self.warp;
  self.place = place;
  self.mask = mask;
  self.part = part;
  self.operation = reinterpret_cast<const void*>(action);
  if ((mask & (1u << self.lane)) == 0) {
    fail("lane " + std::to_string(self.lane) + " is not in its own mask " + lanes_text(mask), place);
  }
  if ((mask & ~warp.present) != 0) {
    fail("the mask " + lanes_text(mask) + " names lanes that the block does not have", place);
  }
  warp.waiting |= 1u << self.lane;
  if ((warp.waiting & mask) != mask) {
    current->wait(Thread::State::in_warp);
    return;
  }
  void* parts[kLanes] = {};
  for (unsigned rest = mask; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const Thread& other = *warp.lanes[lane];
    if (other.mask != mask || other.operation != self.operation || !same_place(other.place, place)) {
      fail("lane " + std::to_string(self.lane) + " (mask " + lanes_text(mask) + ") meets lane " + std::to_string(lane) +
               " at " + at(other.place) + " (mask " + lanes_text(other.mask) + ")",
           place);
    }
    parts[lane] = other.part;
  }
  action(parts);
  for (unsigned rest = mask; rest != 0; rest &= rest - 1) {
    warp.lanes[std::countr_zero(rest)]->state = Thread::State::ready;
  }
  warp.waiting &= ~mask;
}

// ---- BlockRunner -------------------------------------------------------------------------------------------------

BlockRunner::BlockRunner(dim3 block, size_t shared_bytes) : memory_(shared_bytes) {
  const int threads = static_cast<int>(block.x * block.y * block.z);
  stacks_.reserve_threads(threads);
  threads_.resize(threads);
  warps_.resize((threads + kLanes - 1) / kLanes);
  for (int i = 0; i < threads; ++i) {
    Thread& thread = threads_[i];
    thread.number = i;
    thread.lane = i % kLanes;
    thread.warp = &warps_[i / kLanes];
    thread.warp->lanes[thread.lane] = &thread;
    thread.warp->present |= 1u << thread.lane;
    const unsigned n = static_cast<unsigned>(i);
    thread.index = {n % block.x, n / block.x % block.y, n / (block.x * block.y)};
  }
}

std::string BlockRunner::run(uint64_t seed, void (*body)(void*), void* arguments) {
  current = this;
  body_ = body;
  arguments_ = arguments;
  error_.clear();
  memory_.poison();
  for (Thread& thread : threads_) {
    thread.state = Thread::State::ready;
    thread.copies.clear();
    thread.batches = 0;
    prepare_fiber(thread.fiber, stacks_.stack(thread.number), ThreadStacks::kBytes, &BlockRunner::enter);
  }
  for (Warp& warp : warps_) warp.waiting = 0;
  uint64_t turn = seed;
  while (error_.empty() && run_until_stuck(++turn)) release_barrier();
  if (error_.empty()) error_ = memory_.overrun();
  current = nullptr;
  running = nullptr;
  return error_;
}

void BlockRunner::enter() {
  current->body_(current->arguments_);
  current->wait(Thread::State::ended);
}

void BlockRunner::wait(Thread::State state) {
  running->state = state;
  switch_fiber(running->fiber, host_);
}

void BlockRunner::fail(const std::string& what) {
  const uint3& i = running->index;
  error_ = what + ", thread (" + std::to_string(i.x) + ", " + std::to_string(i.y) + ", " + std::to_string(i.z) + ")";
  switch_fiber(running->fiber, host_);
  __builtin_unreachable();  // nobody switches back into a block that failed
}

bool BlockRunner::run_until_stuck(uint64_t turn) {
  // Any odd stride visits all lanes; warps start anywhere. Enough to break what relies on an order.
  const uint64_t mixed = (turn + 1) * 0x9E3779B97F4A7C15ull;
  const int stride = static_cast<int>(mixed >> 40 & 15) * 2 + 1;
  const int first_lane = static_cast<int>(mixed >> 48 & 31);
  const int first_warp = static_cast<int>((mixed >> 53) % warps_.size());
  const int warps = static_cast<int>(warps_.size());
  for (int w = 0; w < warps; ++w) {
    Warp& warp = warps_[(first_warp + w) % warps];
    for (bool ran = true; ran;) {
      ran = false;
      for (int l = 0; l < kLanes; ++l) {
        Thread* thread = warp.lanes[(first_lane + l * stride) % kLanes];
        if (thread == nullptr || thread->state != Thread::State::ready) continue;
        ran = true;
        running = thread;
        threadIdx = thread->index;
        switch_fiber(host_, thread->fiber);
        if (!error_.empty()) return false;
      }
    }
  }
  return judge();
}

// All threads have ended, or wait at the barrier together, or something is wrong.
bool BlockRunner::judge() {
  const Thread* at_barrier = nullptr;
  int ended = 0;
  for (const Thread& thread : threads_) {
    if (thread.state == Thread::State::in_warp) {
      running = const_cast<Thread*>(&thread);
      const unsigned missing = thread.mask & ~thread.warp->waiting;
      error_ = at(thread.place) + ": lane " + std::to_string(thread.lane) + " waits for lanes " + lanes_text(missing) +
               " of its mask " + lanes_text(thread.mask) + ", which have ended or wait elsewhere";
      return false;
    }
    if (thread.state == Thread::State::ended) ++ended;
    if (thread.state == Thread::State::at_barrier && at_barrier == nullptr) at_barrier = &thread;
  }
  if (at_barrier == nullptr) return false;
  if (ended > 0) {
    error_ = at(at_barrier->place) + ": " + std::to_string(ended) + " of " + std::to_string(threads_.size()) +
             " threads ended without reaching this __syncthreads";
    return false;
  }
  for (const Thread& thread : threads_) {
    if (same_place(thread.place, at_barrier->place)) continue;
    error_ = at(at_barrier->place) + ": other threads of the block wait at " + at(thread.place);
    return false;
  }
  return true;
}

void BlockRunner::release_barrier() {
  votes_ = {};
  for (Thread& thread : threads_) {
    votes_.count += thread.vote != 0;
    thread.state = Thread::State::ready;
  }
  votes_.any = votes_.count > 0;
  votes_.all = votes_.count == static_cast<int>(threads_.size());
}

}  // namespace erprm::emulation
