// PackedLinear: y = x W^T + b with W packed once for the CPU kernels, as f32 or as 8-bit integers (packed_matrix.h).
//
// Bits do not depend on the batch. What loses accuracy with int8 is the rounding of the weights; that of activations
// costs a hundred times less.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "ops/packed_matrix.h"

namespace erprm {

class PackedLinear {
 public:
  PackedLinear() = default;

  // Reads every row. Throws INVALID_CHECKPOINT, naming the tensor, when a weight is not finite.
  PackedLinear(const std::vector<LinearSource>& sources, int64_t inputs, WeightType type);

  // Adds a bias f32 [padded_outputs()].
  void set_bias(at::Tensor bias) { bias_ = std::move(bias); }

  // y[r, :] = (accumulate ? y[r, :] : 0) + x[r, :] W^T + b
  //   x f32 [rows, ldx], ldx >= inputs;  y f32 [rows, ldy], ldy >= padded_outputs()
  void forward(const float* x, int64_t ldx, int64_t rows, float* y, int64_t ldy, bool accumulate) const;

  int64_t padded_outputs() const { return padded_outputs_; }

 private:
  void start_columns(int64_t rows, float* y, int64_t ldy, int64_t begin, int64_t end, bool accumulate) const;

  int64_t padded_outputs_ = 0;
  std::shared_ptr<const PackedMatrix> matrix_;
  at::Tensor bias_;  // undefined or f32 [N]
};

}  // namespace erprm
