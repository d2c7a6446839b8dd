#include "bench/context.h"
#include "kernels/cuda_log_mean_exp.h"

namespace erprm::bench {
namespace {

// Outcomes of `mean_length` completions a prefix, from half to one and a half as many.
void label(const Context& context, int64_t segments, int mean_length, const std::vector<double>& etas, bool binary,
           bool hard) {
  std::vector<int32_t> offsets{0};
  for (int64_t i = 0; i < segments; ++i) {
    const int length = mean_length / 2 + static_cast<int>((i * 7919) % (mean_length + 1));
    offsets.push_back(offsets.back() + std::max(length, 1));
  }
  at::Tensor outcomes = context.random({offsets.back()}, at::kFloat);
  outcomes = binary ? outcomes.gt(0).to(at::kFloat) : outcomes.sigmoid();
  const at::Tensor device_offsets = context.upload(offsets), device_etas = context.upload(etas);
  const auto num_etas = static_cast<int64_t>(etas.size());
  at::Tensor labels = context.empty({num_etas, segments}, at::kFloat), best = context.empty({segments}, at::kFloat);
  const LogMeanExpBatch batch{outcomes.const_data_ptr<float>(),
                              static_cast<const int32_t*>(device_offsets.const_data_ptr()),
                              segments,
                              static_cast<const double*>(device_etas.const_data_ptr()),
                              num_etas,
                              labels.mutable_data_ptr<float>()};
  float* best_data = hard ? best.mutable_data_ptr<float>() : nullptr;
  const double bytes =
      4.0 * static_cast<double>(offsets.back() + segments + 1 + segments * (num_etas + (hard ? 1 : 0)));
  context.report(std::to_string(segments) + " prefixes of about " + std::to_string(mean_length) +
                     (binary ? " outcomes 0/1, " : " outcomes, ") + std::to_string(num_etas) + " eta" +
                     (hard ? ", hard" : ""),
                 {.bytes = bytes}, [&] {
                   check_launch(cuda::log_mean_exp(batch, best_data, 0.5f, current_stream()), "log_mean_exp",
                                {&outcomes, &labels});
                 });
}

BENCH("log-mean-exp") {
  const int64_t many = context.size<int64_t>(8'000'000, 200), some = context.size<int64_t>(1'000'000, 50);
  label(context, many, 16, {2.0}, true, false);
  label(context, many, 16, {0.0, 2.0, -2.0}, true, true);
  label(context, many, 16, {2.0}, false, false);
  label(context, many, 16, {0.0, 2.0, -2.0}, false, true);
  label(context, some, 16, {2.0}, true, false);
  label(context, some, 64, {0.0, 2.0, -2.0}, true, true);
  label(context, context.size<int64_t>(1000, 5), 50'000 / context.size(1, 100), {2.0}, false, false);
}

}  // namespace
}  // namespace erprm::bench
