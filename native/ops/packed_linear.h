// PackedLinear: y = x W^T + b with W packed once for the CPU kernels, as f32 or as 8-bit integers.
//
// int8: one scale for every 32 inputs of an output row, w ~ q * scale with |q| <= 127. Activations are rounded row by
// row to 16-bit integers. The sum of a group's integer products is exact and groups are added in order, so bits do not
// depend on the batch; what loses accuracy is the rounding of the weights (that of activations is 300 times smaller).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace erprm {

enum class WeightType { kF32, kInt8 };

// Rows of one checkpoint tensor that become consecutive outputs of a packed layer (q, k and v make one layer).
struct LinearSource {
  std::string name;
  int64_t rows;
  int64_t padded_rows;                                    // >= rows, a multiple of 16; the rows added are zero
  std::function<void(int64_t row, float* out)> read_row;  // out f32 [inputs]; called from several threads
};

class PackedLinear {
 public:
  PackedLinear() = default;

  // Reads every row once. Throws INVALID_CHECKPOINT, naming the tensor, when a weight is not finite.
  PackedLinear(const std::vector<LinearSource>& sources, int64_t inputs, WeightType type);

  // Adds a bias f32 [padded_outputs()].
  void set_bias(at::Tensor bias) { bias_ = std::move(bias); }

  // y[r, :] = (accumulate ? y[r, :] : 0) + x[r, :] W^T + b
  //   x f32 [rows, ldx], ldx >= inputs;  y f32 [rows, ldy], ldy >= padded_outputs()
  void forward(const float* x, int64_t ldx, int64_t rows, float* y, int64_t ldy, bool accumulate) const;

  int64_t padded_outputs() const { return padded_outputs_; }

 private:
  void forward_int8(const float* x, int64_t ldx, int64_t rows, float* y, int64_t ldy, bool accumulate) const;
  void start_columns(int64_t rows, float* y, int64_t ldy, int64_t begin, int64_t end, bool accumulate) const;

  WeightType type_ = WeightType::kF32;
  int64_t inputs_ = 0;
  int64_t padded_outputs_ = 0;
  at::Tensor panels_;  // f32 [N/16, K, 16] or i8 [N/16, K'/2, 16, 2], K' = K rounded up to whole groups
  at::Tensor scales_;  // int8 only: f32 [N/16, K'/32, 16]
  at::Tensor bias_;    // undefined or f32 [N]
};

}  // namespace erprm
