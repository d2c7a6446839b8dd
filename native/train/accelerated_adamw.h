// AcceleratedAdamW: the update of adamw.h for parameters that lie on the accelerator, all of them in one launch. The
// copies that products take (Parameter::factor) are written by it too. Thread: device thread only.
#pragma once

#include <vector>

#include "train/adamw.h"

namespace erprm {

class AcceleratedAdamW {
 public:
  // Lists the tensors of `trained`, which stay where they are from now on.
  explicit AcceleratedAdamW(const std::vector<ParameterPointer>& trained);

  // As gradient_norm; summed in double, in a fixed order. One number is read back: this waits for the batches before.
  double norm();
  // As apply_adamw.
  void apply(const UpdateOptions& options, double scale);

 private:
  const std::vector<ParameterPointer> trained_;
  int64_t num_pieces_ = 0;
  at::Tensor tensors_;   // i32, AdamWTensor one behind the other
  at::Tensor pieces_;    // i32 [num_pieces, 2]
  at::Tensor partials_;  // f64 [num_pieces]
  at::Tensor norm_;      // f64 [1]
};

}  // namespace erprm
