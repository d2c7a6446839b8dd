// The fused update against libtorch's, over tensors of every kind at once: shorter than a piece, several pieces, not a
// multiple of what a thread reads; with decay and without; with copies in bf16 and without.
#include "train/accelerated_adamw.h"

#include <ATen/Context.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "core/testing.h"
#include "ops/accelerator_cases.h"
#include "ops/training_cases.h"

namespace erprm {
namespace {

using namespace testing;

std::vector<ParameterPointer> parameters(at::ScalarType factors, at::Device device) {
  at::manual_seed(61);
  std::vector<ParameterPointer> made;
  const std::vector<std::vector<int64_t>> shapes = {{1}, {7}, {130, 127}, {5, 3}, {2, 16384}, {16387}, {4, 4}};
  for (const std::vector<int64_t>& shape : shapes) {
    made.push_back(c10::make_intrusive<Parameter>("p", at::randn(shape).to(device)));
    made.back()->keep_factor(factors);
    made.back()->train();
  }
  return made;
}

void draw_gradients(const std::vector<ParameterPointer>& trained, double size) {
  for (const ParameterPointer& parameter : trained) {
    parameter->gradient.copy_(at::randn(parameter->value.sizes()) * size);
  }
}

TEST("the fused update is libtorch's, over several updates, and its norm that of all gradients") {
  if (!has_accelerator()) return;
  for (const at::ScalarType factors : {at::kFloat, at::kBFloat16}) {
    const OnAccelerator scope;
    const std::vector<ParameterPointer> host = parameters(factors, at::kCPU);
    const std::vector<ParameterPointer> device = parameters(factors, scope.choice.device);
    AcceleratedAdamW adamw(device);
    for (int64_t k = 1; k <= 4; ++k) {
      draw_gradients(host, k == 3 ? 1e-6 : 2.0);
      for (size_t i = 0; i < host.size(); ++i) device[i]->gradient.copy_(host[i]->gradient);
      const double norm = gradient_norm(host);
      CHECK_NEAR(adamw.norm(), norm, 1e-12 * norm);
      const UpdateOptions options{k, 3e-3, 0.9, 0.999, 1e-8, 0.1, 0};
      apply_adamw(host, options, 0.25);
      adamw.apply(options, 0.25);
      for (size_t i = 0; i < host.size(); ++i) {
        CHECK_NEAR(distance(device[i]->value.to(at::kCPU), host[i]->value), 0, 1e-6);
        CHECK_NEAR(distance(device[i]->first_moment.to(at::kCPU), host[i]->first_moment), 0, 1e-6);
        CHECK_NEAR(distance(device[i]->second_moment.to(at::kCPU), host[i]->second_moment), 0, 1e-6);
        CHECK(device[i]->gradient.equal(at::zeros_like(device[i]->gradient)));
        CHECK(device[i]->factor().equal(device[i]->value.to(factors)));
      }
    }
  }
}

TEST("the norm holds squares that f32 does not, and says so when a gradient is not finite") {
  if (!has_accelerator()) return;
  const OnAccelerator scope;
  const std::vector<ParameterPointer> device = parameters(at::kFloat, scope.choice.device);
  AcceleratedAdamW adamw(device);
  CHECK_NEAR(adamw.norm(), 0, 0);
  device[2]->gradient[1][1] = 3e30, device[5]->gradient[16386] = 4e30;
  CHECK_NEAR(adamw.norm(), 5e30, 1e24);
  device[0]->gradient[0] = INFINITY;
  CHECK(std::isinf(adamw.norm()));
  device[4]->gradient[0][7] = NAN;
  CHECK(std::isnan(adamw.norm()));
  AcceleratedAdamW nothing({});
  CHECK_NEAR(nothing.norm(), 0, 0);
}

}  // namespace
}  // namespace erprm
