#include "ops/packed_matrix.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/parallel.h"
#include "kernels/kernel_table.h"

namespace erprm {
namespace {

// Inputs rounded up to the steps of an int8 product.
int64_t whole_steps(int64_t inputs) { return (inputs + kIntegerStep - 1) / kIntegerStep * kIntegerStep; }

// f32 [N/16, K, 16]
class PanelMatrix : public PackedMatrix {
 public:
  explicit PanelMatrix(const WeightRows& rows)
      : inputs_(rows.inputs()), panels_(at::empty({rows.num_panels(), inputs_, kPanel}, at::kFloat)) {
    parallel_for(0, rows.num_panels(), 1, [&](int64_t begin, int64_t end) {
      std::vector<float> weights(static_cast<size_t>(kPanel * inputs_));
      for (int64_t p = begin; p < end; ++p) {
        rows.read_panel(p, weights.data());
        float* panel = panels_.data_ptr<float>() + p * inputs_ * kPanel;
        for (int n = 0; n < kPanel; ++n) {
          for (int64_t k = 0; k < inputs_; ++k) panel[k * kPanel + n] = weights[n * inputs_ + k];
        }
      }
    });
  }

  void multiply(const float* x, int64_t ldx, int64_t rows, float* y, int64_t ldy,
                const StartColumns& start) const override {
    parallel_for(0, panels_.size(0), 1, [&](int64_t begin, int64_t end) {
      start(begin * kPanel, end * kPanel);
      kernel_table().linear_f32(x, ldx, static_cast<int>(rows), panels_.data_ptr<float>(), static_cast<int>(inputs_),
                                static_cast<int>(begin), static_cast<int>(end), y, ldy);
    });
  }

 private:
  const int64_t inputs_;
  const at::Tensor panels_;
};

// i8 [N/16, K'/run, 16, run] and scales f32 [N/16, num_groups(K'), 16], K' = K rounded up to whole steps.
class IntegerMatrix : public PackedMatrix {
 public:
  explicit IntegerMatrix(const WeightRows& rows)
      : inputs_(rows.inputs()),
        depth_(whole_steps(inputs_)),
        panels_(at::empty({rows.num_panels(), depth_, kPanel}, at::kChar)),
        scales_(at::empty({rows.num_panels(), num_groups(depth_), kPanel}, at::kFloat)) {
    parallel_for(0, rows.num_panels(), 1, [&](int64_t begin, int64_t end) {
      std::vector<float> weights(static_cast<size_t>(kPanel * inputs_));
      for (int64_t p = begin; p < end; ++p) {
        rows.read_panel(p, weights.data());
        pack_panel(weights.data(), panels_.data_ptr<int8_t>() + p * depth_ * kPanel,
                   scales_.data_ptr<float>() + p * num_groups(depth_) * kPanel);
      }
    });
  }

  void multiply(const float* x, int64_t ldx, int64_t rows, float* y, int64_t ldy,
                const StartColumns& start) const override {
    const KernelTable& kernels = kernel_table();
    const int64_t row_tiles = (rows + kTileRows - 1) / kTileRows;
    const at::Tensor quantized = at::empty({row_tiles, kTileRows, depth_}, at::kShort);
    const at::Tensor scale_of_row = at::empty({rows}, at::kFloat);
    int16_t* integers = quantized.data_ptr<int16_t>();
    float* row_scales = scale_of_row.data_ptr<float>();
    parallel_for(0, row_tiles, 1, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * kTileRows, count = std::min(rows, end * kTileRows) - first;
      kernels.quantize_rows(x + first * ldx, ldx, static_cast<int>(count), static_cast<int>(inputs_),
                            static_cast<int>(depth_), integers + first * depth_, row_scales + first);
    });
    parallel_for(0, panels_.size(0), 1, [&](int64_t begin, int64_t end) {
      start(begin * kPanel, end * kPanel);
      kernels.linear_i8(integers, static_cast<int>(rows), panels_.data_ptr<int8_t>(), static_cast<int>(depth_),
                        static_cast<int>(begin), static_cast<int>(end), row_scales, scales_.data_ptr<float>(), y, ldy);
    });
  }

 private:
  void pack_panel(const float* weights, int8_t* panel, float* scales) const {
    const int run = kernel_table().integer_run;
    std::memset(panel, 0, static_cast<size_t>(depth_) * kPanel);
    for (int n = 0; n < kPanel; ++n) {
      const float* row = weights + n * inputs_;
      for (int64_t start = 0; start < inputs_; start += kGroup) {
        const int64_t end = std::min<int64_t>(start + kGroup, inputs_);
        float largest = 0;
        for (int64_t k = start; k < end; ++k) largest = std::max(largest, std::fabs(row[k]));
        scales[start / kGroup * kPanel + n] = largest / 127.0f;
        const float inverse = largest > 0 ? 127.0f / largest : 0.0f;
        for (int64_t k = start; k < end; ++k) {
          panel[(k / run * kPanel + n) * run + k % run] = static_cast<int8_t>(std::lrintf(row[k] * inverse));
        }
      }
    }
  }

  const int64_t inputs_, depth_;
  const at::Tensor panels_, scales_;
};

}  // namespace

std::shared_ptr<const PackedMatrix> pack_matrix(const WeightRows& rows, WeightType type) {
  if (type == WeightType::kInt8) return std::make_shared<IntegerMatrix>(rows);
  if (kernel_table().linear_bf16 != nullptr) {
    if (auto tiles = pack_tiles(rows)) return tiles;
  }
  return std::make_shared<PanelMatrix>(rows);
}

}  // namespace erprm
