#include "train/adamw.h"

#include <ATen/Parallel.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <cmath>

#include "core/parallel.h"

namespace erprm {
namespace {

// Elements of one part: large enough that a call of the operator costs little, small enough for every thread to have
// work.
constexpr int64_t kPart = 1 << 16;

struct Part {
  const Parameter* parameter;
  int64_t begin, length;
};

std::vector<Part> parts_of(const std::vector<ParameterPointer>& trained) {
  std::vector<Part> parts;
  for (const ParameterPointer& parameter : trained) {
    const int64_t count = parameter->value.numel();
    for (int64_t begin = 0; begin < count; begin += kPart) {
      parts.push_back({parameter.get(), begin, std::min(kPart, count - begin)});
    }
  }
  return parts;
}

void apply_to(const at::Tensor& value, const at::Tensor& gradient, const at::Tensor& first, const at::Tensor& second,
              bool decays, const UpdateOptions& options) {
  const at::Tensor index = at::full({}, static_cast<double>(options.update_index), gradient.options());
  at::_fused_adamw_({value}, {gradient}, {first}, {second}, {}, {index}, options.learning_rate, options.beta1,
                    options.beta2, decays ? options.weight_decay : 0, options.epsilon, false, false);
  gradient.zero_();
}

}  // namespace

double gradient_norm(const std::vector<ParameterPointer>& trained) {
  if (trained.empty()) return 0;
  const std::vector<Part> parts = parts_of(trained);
  std::vector<double> sums(parts.size());
  parallel_for(0, static_cast<int64_t>(parts.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* numbers = parts[i].parameter->gradient.data_ptr<float>() + parts[i].begin;
      double lanes[8] = {};
      for (int64_t j = 0; j < parts[i].length; ++j) lanes[j % 8] += static_cast<double>(numbers[j]) * numbers[j];
      for (const double lane : lanes) sums[i] += lane;
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

void apply_adamw(const std::vector<ParameterPointer>& trained, const UpdateOptions& options, double scale) {
  if (trained.empty()) return;
  const std::vector<Part> parts = parts_of(trained);
  parallel_for(0, static_cast<int64_t>(parts.size()), 1, [&](int64_t begin, int64_t end) {
    // The operator would start threads of its own inside ours.
    at::set_num_threads(1);
    for (int64_t i = begin; i < end; ++i) {
      const auto slice = [&](const at::Tensor& tensor) {
        return tensor.view(-1).narrow(0, parts[i].begin, parts[i].length);
      };
      const Parameter& parameter = *parts[i].parameter;
      const at::Tensor gradient = slice(parameter.gradient);
      if (scale != 1) gradient.mul_(scale);
      apply_to(slice(parameter.value), gradient, slice(parameter.first_moment), slice(parameter.second_moment),
               parameter.decays(), options);
    }
  });
  for (const ParameterPointer& parameter : trained) parameter->renew_factor();
}

}  // namespace erprm
