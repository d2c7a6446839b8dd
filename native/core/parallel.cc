#include "core/parallel.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace erprm {
namespace {

thread_local ThreadPool* current_pool = nullptr;

// Chunks a thread: enough that a late thread's share is taken over by the others.
constexpr int64_t kChunksPerThread = 4;
// Checks before an idle worker sleeps (about 100 microseconds) and before the caller gives its core away.
constexpr int kIdleSpins = 4000;
constexpr int kWaitSpins = 1000;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

constexpr uint64_t kEpochStep = uint64_t{1} << 32;
// In place of a chunk: the job has none left.
constexpr uint32_t kExhausted = UINT32_MAX;

}  // namespace

ThreadPool::ThreadPool(int num_threads) {
  try {
    for (int i = 1; i < num_threads; ++i) workers_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    stop();  // the destructor of a thread that still runs would end the process
    throw Error(ErrorCode::OUT_OF_MEMORY, concat("Expected the system to give ", num_threads, " threads, received ",
                                                 workers_.size() + 1, ": ", error.what()));
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stopping_ = true;
  ++signal_;
  signal_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

// Takes and runs one chunk of the job with this epoch; false when it has none left.
bool ThreadPool::take_chunk(uint64_t epoch) {
  uint64_t cursor = cursor_.load(std::memory_order_acquire);
  while (cursor >> 32 == epoch) {
    const uint32_t chunk = static_cast<uint32_t>(cursor);
    if (chunk >= num_chunks_.load(std::memory_order_acquire)) return false;
    const Body* body = body_.load(std::memory_order_acquire);
    const int64_t size = chunk_size_.load(std::memory_order_acquire);
    const int64_t first = begin_.load(std::memory_order_acquire) + chunk * size;
    const int64_t last = std::min(first + size, end_.load(std::memory_order_acquire));
    // Success proves that nothing of what was read above belongs to another job: whoever reads a field of the next one
    // has acquired the cursor that was exhausted before it.
    if (!cursor_.compare_exchange_weak(cursor, cursor + 1, std::memory_order_acq_rel)) continue;
    try {
      (*body)(first, last);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(error_mutex_);
      if (!error_) error_ = std::current_exception();
    }
    num_done_.fetch_add(1, std::memory_order_release);
    return true;
  }
  return false;
}

void ThreadPool::work() {
  uint32_t seen = 0;
  while (true) {
    for (int spin = 0; spin < kIdleSpins && signal_.load(std::memory_order_acquire) == seen; ++spin) pause();
    signal_.wait(seen, std::memory_order_acquire);
    seen = signal_.load(std::memory_order_acquire);
    if (stopping_) return;
    const uint64_t epoch = cursor_.load(std::memory_order_acquire) >> 32;
    while (take_chunk(epoch)) {
    }
  }
}

void ThreadPool::run(int64_t begin, int64_t end, int64_t grain, const Body& body) {
  const int64_t count = end - begin;
  if (count <= 0) return;
  const int64_t wanted = num_threads() * kChunksPerThread;
  const int64_t size = std::max(std::max<int64_t>(grain, 1), (count + wanted - 1) / wanted);
  if (workers_.empty() || size >= count) return body(begin, end);
  // Half of a word, which a few days of decoding use up: it begins again at 0.
  const uint64_t epoch = ((cursor_.load(std::memory_order_relaxed) >> 32) + 1) & UINT32_MAX;
  const uint32_t chunks = static_cast<uint32_t>((count + size - 1) / size);
  // A worker that still looks at the finished job finds its chunk counter exhausted; only then may the fields change.
  cursor_.store(epoch * kEpochStep + kExhausted, std::memory_order_release);
  begin_.store(begin, std::memory_order_release);
  end_.store(end, std::memory_order_release);
  chunk_size_.store(size, std::memory_order_release);
  num_chunks_.store(chunks, std::memory_order_release);
  body_.store(&body, std::memory_order_release);
  num_done_.store(0, std::memory_order_relaxed);
  cursor_.store(epoch * kEpochStep, std::memory_order_release);
  signal_.fetch_add(1, std::memory_order_release);
  signal_.notify_all();
  while (take_chunk(epoch)) {
  }
  for (int spin = 0; num_done_.load(std::memory_order_acquire) < chunks; ++spin) {
    if (spin < kWaitSpins) {
      pause();
    } else {
      std::this_thread::yield();  // the worker that holds the last chunk may be waiting for this very core
    }
  }
  const std::lock_guard<std::mutex> lock(error_mutex_);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

ThreadPool::Use::Use(ThreadPool& pool) : previous_(current_pool) { current_pool = &pool; }
ThreadPool::Use::~Use() { current_pool = previous_; }

void parallel_for(int64_t begin, int64_t end, int64_t grain, const ThreadPool::Body& body) {
  if (current_pool != nullptr) return current_pool->run(begin, end, grain, body);
  if (begin < end) body(begin, end);
}

int num_parallel_threads() { return current_pool == nullptr ? 1 : current_pool->num_threads(); }

}  // namespace erprm
