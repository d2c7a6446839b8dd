// random_weights: numbers that weights begin with. Each is a function of (seed, tensor name, index): it depends neither
// on threads nor on what else the model has.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string_view>

namespace erprm {

// f32 on the CPU, contiguous: N(0, deviation^2).
void fill_normal(const at::Tensor& out, uint64_t seed, std::string_view name, double deviation);

// f32 on the CPU, contiguous: uniform in [-bound, bound).
void fill_uniform(const at::Tensor& out, uint64_t seed, std::string_view name, double bound);

}  // namespace erprm
