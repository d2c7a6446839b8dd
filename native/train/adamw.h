// adamw: clipping by the norm of all gradients, then libtorch's fused AdamW, for parameters on the CPU; those on the
// accelerator are updated by accelerated_adamw.h.
//   m = beta1 m + (1 - beta1) g,  s = beta2 s + (1 - beta2) g^2
//   w = w - lr (decay w + (m / (1 - beta1^k)) / (sqrt(s / (1 - beta2^k)) + epsilon)),  k = update_index
// Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (ICLR 2019), algorithm 2.
#pragma once

#include <vector>

#include "train/parameter.h"

namespace erprm {

struct UpdateOptions {
  int64_t update_index;  // from 1
  double learning_rate;
  double beta1, beta2, epsilon;
  double weight_decay;
  double max_gradient_norm;  // 0 = no clipping
};

// The Euclidean norm of all gradients together. Its sums run in a fixed order, in double.
double gradient_norm(const std::vector<ParameterPointer>& trained);

// Applies one update with gradients scaled by `scale`, then clears them. Numbers do not depend on the threads.
void apply_adamw(const std::vector<ParameterPointer>& trained, const UpdateOptions& options, double scale);

}  // namespace erprm
