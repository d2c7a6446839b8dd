#include "core/parallel.h"

#include <numeric>
#include <stdexcept>

#include "core/testing.h"

using erprm::parallel_for;
using erprm::ThreadPool;

namespace erprm {

class ThreadPoolTest {
 public:
  static void start_at_epoch(ThreadPool& pool, uint32_t epoch) { pool.cursor_ = uint64_t{epoch} << 32; }
};

}  // namespace erprm

TEST("every index is visited exactly once, whatever the threads, the grain and the count") {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    for (const int64_t grain : {1, 7, 1000}) {
      for (const int64_t count : {0, 1, 2, 31, 500}) {
        std::vector<std::atomic<int>> visits(static_cast<size_t>(count));
        pool.run(10, 10 + count, grain, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) ++visits[i - 10];
        });
        for (const auto& visit : visits) CHECK(visit == 1);
      }
    }
  }
}

TEST("a hundred thousand short regions in a row lose nothing and mix nothing up") {
  ThreadPool pool(4);
  const ThreadPool::Use use(pool);
  std::vector<int64_t> values(64);
  for (int64_t round = 0; round < 100000; ++round) {
    parallel_for(0, 64, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) values[i] += round;
    });
  }
  for (const int64_t value : values) CHECK(value == 100000ll * 99999 / 2);
}

TEST("the count of jobs may begin again") {
  ThreadPool pool(3);
  erprm::ThreadPoolTest::start_at_epoch(pool, UINT32_MAX - 5);
  for (int job = 0; job < 12; ++job) {
    std::atomic<int> sum{0};
    pool.run(0, 100, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) sum += static_cast<int>(i);
    });
    CHECK(sum == 4950);
  }
}

TEST("an exception of one part reaches the caller and the pool goes on") {
  ThreadPool pool(3);
  for (int repeat = 0; repeat < 100; ++repeat) {
    CHECK_THROWS(pool.run(0, 100, 1,
                          [](int64_t begin, int64_t end) {
                            if (begin <= 57 && 57 < end) throw std::runtime_error("fifty-seven");
                          }),
                 "fifty-seven");
    std::atomic<int> sum{0};
    pool.run(0, 10, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) sum += static_cast<int>(i);
    });
    CHECK(sum == 45);
  }
}

TEST("without a pool a loop runs on the calling thread") {
  std::thread::id seen;
  parallel_for(0, 5, 1, [&](int64_t, int64_t) { seen = std::this_thread::get_id(); });
  CHECK(seen == std::this_thread::get_id());
}
