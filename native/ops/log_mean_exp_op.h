// log_mean_exp_op: the kernel with its arguments checked and its segments spread over torch's threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace erprm {

// Returns labels f32 [etas, P], P = offsets.size() - 1 (see kernels/log_mean_exp.h).
// Uses at::get_num_threads() threads; the labels do not depend on their number.
// Throws INVALID_ARGUMENT: offsets that do not cut `outcomes` into segments; an empty segment (details.segment); an
// outcome (details.segment, details.index) that is not finite; an eta (details.index) that is not a number.
std::vector<float> log_mean_exp(std::span<const float> outcomes, std::span<const int32_t> offsets,
                                std::span<const double> etas);

}  // namespace erprm
