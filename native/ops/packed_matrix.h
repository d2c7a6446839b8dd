// PackedMatrix: the weights W of a linear layer as the kernels of one processor want them, and the product with them.
// Constant after construction.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "ops/weight_rows.h"

namespace erprm {

enum class WeightType { kF32, kInt8 };

class PackedMatrix {
 public:
  virtual ~PackedMatrix() = default;

  // y[:, begin .. end) is about to be added to, in the thread that will do it.
  using StartColumns = std::function<void(int64_t begin, int64_t end)>;

  // y[r, :] += x[r, :] W^T, in parallel over columns, each part started by `start`.
  //   x f32 [rows, ldx], ldx >= inputs;  y f32 [rows, ldy];  rows >= 1
  virtual void multiply(const float* x, int64_t ldx, int64_t rows, float* y, int64_t ldy,
                        const StartColumns& start) const = 0;
};

// The best packing for this processor. Reads every row once, or twice. Throws what WeightRows::read_panel throws.
//
// F32: as they are, or as bf16 tiles where there are tiles and every weight is a bf16 number: half the memory, the same
// product to the rounding of f32.
// Int8, one scale for every 128 inputs of an output: w ~ q * scale with |q| <= 127. Activations are rounded row by row
// to 16-bit integers; the sum of a group's products is exact and groups are added in order.
std::shared_ptr<const PackedMatrix> pack_matrix(const WeightRows& rows, WeightType type);

// Weights as bf16 tiles; null when one of them is no bf16 number. REQUIRES: the kernel table has linear_bf16.
std::shared_ptr<const PackedMatrix> pack_tiles(const WeightRows& rows);

}  // namespace erprm
