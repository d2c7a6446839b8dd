#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "binding/device_thread.h"
#include "binding/process_exit.h"

namespace erprm {

struct JobQueue::State {
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex.
  std::deque<std::function<void()>> jobs;
  bool closed = false;
  // Device thread only.
  size_t jobs_before_loops = 0;
  struct Entry {
    std::shared_ptr<Loop> loop;
    bool has_work;
  };
  std::vector<Entry> loops;

  bool any_loop_has_work() const {
    return std::any_of(loops.begin(), loops.end(), [](const Entry& entry) { return entry.has_work; });
  }

  void run_job(std::function<void()> job) {
    const BusyScope busy;
    job();
    for (Entry& entry : loops) entry.has_work = true;
    job = nullptr;  // what it captured is freed inside the scope
    renew_process_exit_guard();
  }

  void run_loops() {
    const BusyScope busy;
    for (Entry& entry : loops) {
      if (!entry.has_work) continue;
      try {
        entry.has_work = entry.loop->run_iteration();
      } catch (...) {
        entry.loop->fail(std::current_exception());
      }
    }
    std::erase_if(loops, [](const Entry& entry) { return entry.loop->has_ended(); });
  }
};

JobQueue::JobQueue() : state_(std::make_unique<State>()) {}
JobQueue::~JobQueue() = default;

void JobQueue::post(std::function<void()> work) {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    if (state_->closed) return;
    state_->jobs.push_back(std::move(work));
  }
  state_->changed.notify_one();
}

void JobQueue::close() {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->closed = true;
  }
  state_->changed.notify_one();
}

void JobQueue::add_loop(std::shared_ptr<Loop> loop) { state_->loops.push_back({std::move(loop), true}); }

void JobQueue::remove_loop(const Loop* loop) {
  std::erase_if(state_->loops, [loop](const State::Entry& entry) { return entry.loop.get() == loop; });
}

void JobQueue::serve() {
  State& state = *state_;
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock<std::mutex> lock(state.mutex);
      if (!state.any_loop_has_work()) {
        state.changed.wait(lock, [&] { return state.closed || !state.jobs.empty(); });
      }
      if (state.closed) break;
      // Those waiting when the loops had their turn: a stream of jobs (scores) never keeps a loop (decoding) from its
      // own.
      if (!state.any_loop_has_work()) state.jobs_before_loops = state.jobs.size();
      if (!state.jobs.empty() && state.jobs_before_loops > 0) {
        --state.jobs_before_loops;
        job = std::move(state.jobs.front());
        state.jobs.pop_front();
      }
    }
    if (job) {
      state.run_job(std::move(job));
    } else {
      state.run_loops();
      const std::lock_guard<std::mutex> lock(state.mutex);
      state.jobs_before_loops = state.jobs.size();
    }
  }
  const BusyScope busy;
  std::deque<std::function<void()>> left;
  {
    const std::lock_guard<std::mutex> lock(state.mutex);
    left.swap(state.jobs);
  }
  left.clear();
  state.loops.clear();
  end_native_thread();
}

}  // namespace erprm
