#include "bench/context.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "kernels/cuda_memory.h"
#include "kernels/cuda_timer.h"

namespace erprm::bench {

namespace {

constexpr int kRuns = 9;
constexpr double kSecondsARun = 0.02;
constexpr int kMostLaunches = 64;  // a run; some benchmarks have room for no more in all their runs

}  // namespace

std::vector<Bench>& benches() {
  static std::vector<Bench> all;
  return all;
}

at::Tensor Context::empty(at::IntArrayRef sizes, at::ScalarType type) const {
  return at::empty(sizes, at::TensorOptions(choice_.device).dtype(type));
}

at::Tensor Context::random(at::IntArrayRef sizes, at::ScalarType type) const {
  at::Tensor numbers = empty(sizes, type);
  numbers.normal_();
  return numbers;
}

at::Tensor Context::upload_bytes(const void* values, size_t bytes) const {
  at::Tensor host = at::empty({static_cast<int64_t>(bytes)}, at::kByte);
  if (bytes > 0) std::memcpy(host.data_ptr(), values, bytes);
  return host.to(choice_.device);
}

// Runs of several launches each, for which `seconds_of` gives the time: sorted seconds of one launch.
std::vector<double> Context::sample(const std::function<double(int launches)>& seconds_of) const {
  const double once = seconds_of(1);
  const int launches = toy_ ? 1 : std::clamp(static_cast<int>(kSecondsARun / std::max(once, 1e-9)), 1, kMostLaunches);
  std::vector<double> seconds;
  for (int run = 0; run < (toy_ ? 3 : kRuns); ++run) seconds.push_back(seconds_of(launches) / launches);
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

void Context::report(const std::string& which, const Work& work, const std::function<void()>& launch) const {
  const cuda::Stream stream = current_stream();
  cuda::Timer timer;
  launch();  // libraries choose their kernels, and allocate
  const std::vector<double> seconds = sample([&](int launches) {
    timer.start(stream);
    for (int i = 0; i < launches; ++i) launch();
    return timer.stop(stream) / 1e3;
  });
  std::printf(
      "{\"bench\": \"%s\", \"case\": \"%s\", \"runs\": %zu, \"seconds\": %.9g, \"low\": %.9g, \"high\": %.9g, "
      "\"bytes\": %.17g, \"operations\": %.17g}\n",
      bench, which.c_str(), seconds.size(), seconds[seconds.size() / 2], seconds.front(), seconds.back(), work.bytes,
      work.operations);
  std::fflush(stdout);
}

void Context::report_host(const std::string& which, const Work& work, const std::function<void()>& body) const {
  using Clock = std::chrono::steady_clock;
  body();
  const std::vector<double> seconds = sample([&](int launches) {
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < launches; ++i) body();
    return std::chrono::duration<double>(Clock::now() - start).count();
  });
  const double median = seconds[seconds.size() / 2];
  std::printf(
      "{\"bench\": \"%s\", \"case\": \"%s\", \"runs\": %zu, \"seconds\": %.9g, \"low\": %.9g, \"high\": %.9g, "
      "\"bytesPerSecond\": %.4g, \"operationsPerSecond\": %.4g}\n",
      bench, which.c_str(), seconds.size(), median, seconds.front(), seconds.back(), work.bytes / median,
      work.operations / median);
  std::fflush(stdout);
}

}  // namespace erprm::bench
