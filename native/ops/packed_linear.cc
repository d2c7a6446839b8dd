#include "ops/packed_linear.h"

#include <algorithm>

#include "kernels/kernel_table.h"

namespace erprm {

PackedLinear::PackedLinear(const std::vector<LinearSource>& sources, int64_t inputs, WeightType type) {
  const WeightRows rows(sources, inputs);
  padded_outputs_ = rows.num_panels() * kPanel;
  matrix_ = pack_matrix(rows, type);
}

// What a product is added to, for columns [begin, end) of every row: the bias or zero, on top of y when accumulating.
void PackedLinear::start_columns(int64_t rows, float* y, int64_t ldy, int64_t begin, int64_t end,
                                 bool accumulate) const {
  if (accumulate && !bias_.defined()) return;
  const float* bias = bias_.defined() ? bias_.data_ptr<float>() : nullptr;
  for (int64_t r = 0; r < rows; ++r) {
    float* row = y + r * ldy;
    if (!accumulate) std::fill(row + begin, row + end, 0.0f);
    for (int64_t n = begin; bias != nullptr && n < end; ++n) row[n] += bias[n];
  }
}

void PackedLinear::forward(const float* x, int64_t ldx, int64_t rows, float* y, int64_t ldy, bool accumulate) const {
  if (rows == 0) return;
  matrix_->multiply(x, ldx, rows, y, ldy,
                    [&](int64_t begin, int64_t end) { start_columns(rows, y, ldy, begin, end, accumulate); });
}

}  // namespace erprm
