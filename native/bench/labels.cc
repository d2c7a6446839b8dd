#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "bench/context.h"
#include "kernels/cuda_log_mean_exp.h"

namespace erprm::bench {
namespace {

// Outcomes of `mean_length` completions a prefix, from half to one and a half as many.
struct Case {
  int64_t segments;
  int mean_length;
  std::vector<double> etas;
  bool binary, hard;

  std::string name() const {
    return std::to_string(segments) + " prefixes of about " + std::to_string(mean_length) +
           (binary ? " outcomes 0/1, " : " outcomes, ") + std::to_string(etas.size()) + " eta" + (hard ? ", hard" : "");
  }
  std::vector<int32_t> offsets() const {
    std::vector<int32_t> offsets{0};
    for (int64_t i = 0; i < segments; ++i) {
      const int length = mean_length / 2 + static_cast<int>((i * 7919) % (mean_length + 1));
      offsets.push_back(offsets.back() + std::max(length, 1));
    }
    return offsets;
  }
  at::Tensor outcomes(const Context& context, int64_t count) const {
    const at::Tensor numbers = context.random({count}, at::kFloat);
    return binary ? numbers.gt(0).to(at::kFloat) : numbers.sigmoid();
  }
  // What has to be read and written.
  double bytes(int64_t num_outcomes) const {
    const auto num_labels = segments * (static_cast<int64_t>(etas.size()) + (hard ? 1 : 0));
    return 4.0 * static_cast<double>(num_outcomes + segments + 1 + num_labels);
  }
};

void on_device(const Context& context, const Case& one) {
  const std::vector<int32_t> offsets = one.offsets();
  const at::Tensor outcomes = one.outcomes(context, offsets.back());
  const at::Tensor device_offsets = context.upload(offsets), device_etas = context.upload(one.etas);
  const auto num_etas = static_cast<int64_t>(one.etas.size());
  at::Tensor labels = context.empty({num_etas, one.segments}, at::kFloat);
  at::Tensor best = context.empty({one.segments}, at::kFloat);
  const LogMeanExpBatch batch{outcomes.const_data_ptr<float>(),
                              static_cast<const int32_t*>(device_offsets.const_data_ptr()),
                              one.segments,
                              static_cast<const double*>(device_etas.const_data_ptr()),
                              num_etas,
                              labels.mutable_data_ptr<float>()};
  float* best_data = one.hard ? best.mutable_data_ptr<float>() : nullptr;
  context.report(one.name(), {.bytes = one.bytes(offsets.back())}, [&] {
    check_launch(cuda::log_mean_exp(batch, best_data, 0.5f, current_stream()), "log_mean_exp", {&outcomes, &labels});
  });
}

// With all threads; then as many bytes moved by copying, half of them read and half written.
void on_host(const Context& context, Case one) {
  const std::vector<int32_t> offsets = one.offsets();
  const at::Tensor outcomes = one.outcomes(context, offsets.back());
  const double bytes = one.bytes(offsets.back());
  const std::string name = one.name();
  if (one.hard) one.etas.push_back(INFINITY);
  const auto num_etas = static_cast<int64_t>(one.etas.size());
  at::Tensor labels = context.empty({num_etas, one.segments}, at::kFloat);
  const LogMeanExpBatch batch{outcomes.const_data_ptr<float>(), offsets.data(), one.segments, one.etas.data(), num_etas,
                              labels.mutable_data_ptr<float>()};
  const int64_t share = (one.segments + at::get_num_threads() - 1) / at::get_num_threads();
  context.report_host(name, {.bytes = bytes}, [&] {
    at::parallel_for(0, one.segments, share, [&](int64_t begin, int64_t end) { log_mean_exp(batch, begin, end); });
  });
  const auto half = static_cast<int64_t>(bytes / 2);
  const at::Tensor from = context.empty({half}, at::kByte).fill_(1), to = context.empty({half}, at::kByte).fill_(0);
  const int64_t piece = (half + at::get_num_threads() - 1) / at::get_num_threads();
  context.report_host("a copy of as many bytes", {.bytes = bytes}, [&] {
    at::parallel_for(0, half, piece, [&](int64_t begin, int64_t end) {
      std::memcpy(to.data_ptr<uint8_t>() + begin, from.const_data_ptr<uint8_t>() + begin, end - begin);
    });
  });
}

BENCH("log-mean-exp") {
  const int64_t many = context.size<int64_t>(8'000'000, 200), some = context.size<int64_t>(1'000'000, 50);
  const int64_t long_ones = context.size<int64_t>(1000, 5);
  const std::vector<Case> cases{{many, 16, {2.0}, true, false},
                                {many, 16, {0.0, 2.0, -2.0}, true, true},
                                {many, 16, {2.0}, false, false},
                                {many, 16, {0.0, 2.0, -2.0}, false, true},
                                {some, 16, {2.0}, true, false},
                                {some, 64, {0.0, 2.0, -2.0}, true, true},
                                {long_ones, 50'000 / context.size(1, 100), {2.0}, false, false}};
  for (const Case& one : cases) context.on_host() ? on_host(context, one) : on_device(context, one);
}

}  // namespace
}  // namespace erprm::bench
