// parallel_for over a small pool of threads that tolerates a busy machine.
//
// A decode step has hundreds of short parallel regions. OpenMP ends each with a barrier, so one thread that the system
// has put aside for a moment stops all the others: with another process on the same cores a step took 20 times as long.
// Here the caller takes chunks too, and waits only for chunks that another thread has really begun: a worker that is
// late is not missed.
//
// How work is split never changes results: every chunk writes its own part of the output.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace erprm {

class ThreadPool {
 public:
  // `num_threads` counts the caller: 1 makes a pool without threads of its own. Throws OUT_OF_MEMORY when the system
  // refuses threads.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  using Body = std::function<void(int64_t begin, int64_t end)>;

  // Calls body on consecutive parts of [begin, end), each of at least `grain` indices but the last. Returns when all
  // are done; rethrows the first exception of a part. One caller at a time, and none from inside a body.
  void run(int64_t begin, int64_t end, int64_t grain, const Body& body);

  int num_threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Makes parallel_for of the calling thread use this pool while the object lives.
  class Use {
   public:
    explicit Use(ThreadPool& pool);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    ThreadPool* const previous_;
  };

 private:
  void work();
  void stop();
  bool take_chunk(uint64_t epoch);

  friend class ThreadPoolTest;

  // The job, valid for workers that take one of its chunks. cursor_ = (epoch << 32) + next chunk: taking a chunk is a
  // compare-and-swap on both, so it can only succeed while the job with that epoch still has unfinished chunks.
  std::atomic<uint64_t> cursor_{0};
  std::atomic<const Body*> body_{nullptr};
  std::atomic<int64_t> begin_{0}, end_{0}, chunk_size_{1};
  std::atomic<uint32_t> num_chunks_{0};
  std::atomic<uint32_t> num_done_{0};
  std::atomic<uint32_t> signal_{0};  // counts jobs; what idle workers sleep on
  std::atomic<bool> stopping_{false};
  std::mutex error_mutex_;
  std::exception_ptr error_;  // guarded by error_mutex_
  std::vector<std::thread> workers_;
};

// On the pool that the calling thread uses; serial when it uses none.
void parallel_for(int64_t begin, int64_t end, int64_t grain, const ThreadPool::Body& body);

// Threads that parallel_for spreads over, here.
int num_parallel_threads();

}  // namespace erprm
