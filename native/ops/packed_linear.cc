#include "ops/packed_linear.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/parallel.h"
#include "kernels/kernel_table.h"

namespace erprm {
namespace {

// Inputs rounded up to whole groups.
int64_t grouped(int64_t inputs) { return (inputs + kGroup - 1) / kGroup * kGroup; }

// Where an output row of the packed layer comes from.
struct RowOrigin {
  const LinearSource* source;  // nullptr: a padding row
  int64_t row;
};

std::vector<RowOrigin> origins_of(const std::vector<LinearSource>& sources) {
  std::vector<RowOrigin> origins;
  for (const LinearSource& source : sources) {
    for (int64_t r = 0; r < source.padded_rows; ++r) {
      origins.push_back(r < source.rows ? RowOrigin{&source, r} : RowOrigin{nullptr, 0});
    }
  }
  return origins;
}

void read_finite_row(const RowOrigin& origin, int64_t inputs, float* out) {
  if (origin.source == nullptr) {
    std::fill(out, out + inputs, 0.0f);
    return;
  }
  origin.source->read_row(origin.row, out);
  for (int64_t k = 0; k < inputs; ++k) {
    if (!std::isfinite(out[k])) {
      throw Error(ErrorCode::INVALID_CHECKPOINT,
                  concat("Expected tensor ", origin.source->name, " to hold finite numbers, received ", out[k],
                         " at row ", origin.row, ", column ", k),
                  {{"tensor", origin.source->name}, {"row", origin.row}, {"column", k}});
    }
  }
}

// One panel: 16 rows [16, inputs] -> f32 [inputs, 16].
void pack_panel_f32(const float* rows, int64_t inputs, float* panel) {
  for (int n = 0; n < kPanel; ++n) {
    for (int64_t k = 0; k < inputs; ++k) panel[k * kPanel + n] = rows[n * inputs + k];
  }
}

// One panel: 16 rows [16, inputs] -> i8 [K'/2, 16, 2] and scales f32 [K'/32, 16], K' = grouped(inputs).
void pack_panel_int8(const float* rows, int64_t inputs, int8_t* panel, float* scales) {
  std::memset(panel, 0, static_cast<size_t>(grouped(inputs)) * kPanel);
  for (int n = 0; n < kPanel; ++n) {
    const float* row = rows + n * inputs;
    for (int64_t start = 0; start < inputs; start += kGroup) {
      const int64_t end = std::min<int64_t>(start + kGroup, inputs);
      float largest = 0;
      for (int64_t k = start; k < end; ++k) largest = std::max(largest, std::fabs(row[k]));
      scales[start / kGroup * kPanel + n] = largest / 127.0f;
      const float inverse = largest > 0 ? 127.0f / largest : 0.0f;
      for (int64_t k = start; k < end; ++k) {
        panel[(k / 2 * kPanel + n) * 2 + k % 2] = static_cast<int8_t>(std::lrintf(row[k] * inverse));
      }
    }
  }
}

}  // namespace

PackedLinear::PackedLinear(const std::vector<LinearSource>& sources, int64_t inputs, WeightType type)
    : type_(type), inputs_(inputs) {
  const std::vector<RowOrigin> origins = origins_of(sources);
  padded_outputs_ = static_cast<int64_t>(origins.size());
  const int64_t num_panels = padded_outputs_ / kPanel;
  const bool int8 = type == WeightType::kInt8;
  if (int8) {
    panels_ = at::empty({num_panels, grouped(inputs), kPanel}, at::kChar);
    scales_ = at::empty({num_panels, grouped(inputs) / kGroup, kPanel}, at::kFloat);
  } else {
    panels_ = at::empty({num_panels, inputs, kPanel}, at::kFloat);
  }
  parallel_for(0, num_panels, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> rows(static_cast<size_t>(kPanel * inputs));
    for (int64_t p = begin; p < end; ++p) {
      for (int n = 0; n < kPanel; ++n) read_finite_row(origins[p * kPanel + n], inputs, rows.data() + n * inputs);
      if (int8) {
        pack_panel_int8(rows.data(), inputs, panels_.data_ptr<int8_t>() + p * grouped(inputs) * kPanel,
                        scales_.data_ptr<float>() + p * grouped(inputs) / kGroup * kPanel);
      } else {
        pack_panel_f32(rows.data(), inputs, panels_.data_ptr<float>() + p * inputs * kPanel);
      }
    }
  });
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
  if (type_ == WeightType::kInt8) return forward_int8(x, ldx, rows, y, ldy, accumulate);
  const KernelTable& kernels = kernel_table();
  parallel_for(0, padded_outputs_ / kPanel, 1, [&](int64_t begin, int64_t end) {
    start_columns(rows, y, ldy, begin * kPanel, end * kPanel, accumulate);
    kernels.linear_f32(x, ldx, static_cast<int>(rows), panels_.data_ptr<float>(), static_cast<int>(inputs_),
                       static_cast<int>(begin), static_cast<int>(end), y, ldy);
  });
}

void PackedLinear::forward_int8(const float* x, int64_t ldx, int64_t rows, float* y, int64_t ldy,
                                bool accumulate) const {
  const KernelTable& kernels = kernel_table();
  const int64_t depth = grouped(inputs_);
  const at::Tensor quantized = at::empty({rows, depth}, at::kShort);
  const at::Tensor scale_of_row = at::empty({rows}, at::kFloat);
  int16_t* integers = quantized.data_ptr<int16_t>();
  float* row_scales = scale_of_row.data_ptr<float>();
  parallel_for(0, rows, 16, [&](int64_t begin, int64_t end) {
    kernels.quantize_rows(x + begin * ldx, ldx, static_cast<int>(end - begin), static_cast<int>(inputs_),
                          integers + begin * depth, depth, row_scales + begin);
  });
  parallel_for(0, padded_outputs_ / kPanel, 1, [&](int64_t begin, int64_t end) {
    start_columns(rows, y, ldy, begin * kPanel, end * kPanel, accumulate);
    kernels.linear_i8(integers, depth, static_cast<int>(rows), panels_.data_ptr<int8_t>(), static_cast<int>(depth),
                      static_cast<int>(begin), static_cast<int>(end), row_scales, scales_.data_ptr<float>(), y, ldy);
  });
}

}  // namespace erprm
