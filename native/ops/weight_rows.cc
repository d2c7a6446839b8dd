#include "ops/weight_rows.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "kernels/kernel_table.h"

namespace erprm {

WeightRows::WeightRows(const std::vector<LinearSource>& sources, int64_t inputs) : inputs_(inputs) {
  for (const LinearSource& source : sources) {
    for (int64_t r = 0; r < source.padded_rows; ++r) {
      origins_.push_back(r < source.rows ? Origin{&source, r} : Origin{nullptr, 0});
    }
  }
}

void WeightRows::read_panel(int64_t panel, float* out) const {
  for (int64_t n = 0; n < kPanel; ++n, out += inputs_) {
    const Origin& origin = origins_[panel * kPanel + n];
    if (origin.source == nullptr) {
      std::fill(out, out + inputs_, 0.0f);
      continue;
    }
    origin.source->read_row(origin.row, out);
    for (int64_t k = 0; k < inputs_; ++k) {
      if (!std::isfinite(out[k])) {
        throw Error(ErrorCode::INVALID_CHECKPOINT,
                    concat("Expected tensor ", origin.source->name, " to hold finite numbers, received ", out[k],
                           " at row ", origin.row, ", column ", k),
                    {{"tensor", origin.source->name}, {"row", origin.row}, {"column", k}});
      }
    }
  }
}

}  // namespace erprm
