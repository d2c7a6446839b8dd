// Weights that are bf16 numbers, for matrix tiles (kernels/kernel_table.h, linear_bf16).
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "core/parallel.h"
#include "kernels/kernel_table.h"
#include "ops/packed_matrix.h"

namespace erprm {
namespace {

uint32_t bits_of(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

uint16_t* bf16_data(const at::Tensor& x) { return reinterpret_cast<uint16_t*>(x.data_ptr<int16_t>()); }

// bf16 [N/16, K'/32, 16, 16, 2], K' = K rounded up to whole tiles.
class TileMatrix : public PackedMatrix {
 public:
  explicit TileMatrix(const WeightRows& rows)
      : inputs_(rows.inputs()),
        depth_((inputs_ + kTileDepth - 1) / kTileDepth * kTileDepth),
        tiles_(at::empty({rows.num_panels(), depth_, kPanel}, at::kShort)) {
    parallel_for(0, rows.num_panels(), 1, [&](int64_t begin, int64_t end) {
      std::vector<float> weights(static_cast<size_t>(kPanel * inputs_));
      for (int64_t p = begin; p < end && exact_; ++p) {
        rows.read_panel(p, weights.data());
        pack_panel(weights.data(), bf16_data(tiles_) + p * depth_ * kPanel);
      }
    });
  }

  // Whether every weight was a bf16 number.
  bool exact() const { return exact_; }

  void multiply(const float* x, int64_t ldx, int64_t rows, float* y, int64_t ldy,
                const StartColumns& start) const override {
    const KernelTable& kernels = kernel_table();
    const int64_t row_tiles = (rows + kTileRows - 1) / kTileRows;
    const at::Tensor split = at::empty({row_tiles, depth_, kPlanes, kTileRows}, at::kShort);
    uint16_t* planes = bf16_data(split);
    parallel_for(0, row_tiles, 1, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * kTileRows, count = std::min(rows, end * kTileRows) - first;
      kernels.split_rows(x + first * ldx, ldx, static_cast<int>(count), static_cast<int>(inputs_),
                         static_cast<int>(depth_), planes + first * depth_ * kPlanes);
    });
    // Two panels at a time share the tiles of the rows.
    parallel_for(0, tiles_.size(0), 2, [&](int64_t begin, int64_t end) {
      start(begin * kPanel, end * kPanel);
      kernels.linear_bf16(planes, static_cast<int>(rows), bf16_data(tiles_), static_cast<int>(depth_),
                          static_cast<int>(begin), static_cast<int>(end), y, ldy);
    });
  }

 private:
  void pack_panel(const float* weights, uint16_t* panel) {
    std::memset(panel, 0, sizeof(uint16_t) * depth_ * kPanel);
    uint32_t rest = 0;
    for (int n = 0; n < kPanel; ++n) {
      for (int64_t k = 0; k < inputs_; ++k) {
        const uint32_t bits = bits_of(weights[n * inputs_ + k]);
        rest |= bits & 0xFFFF;
        panel[(k / 2 * kPanel + n) * 2 + k % 2] = static_cast<uint16_t>(bits >> 16);
      }
    }
    if (rest != 0) exact_ = false;
  }

  const int64_t inputs_, depth_;
  const at::Tensor tiles_;
  std::atomic<bool> exact_{true};
};

}  // namespace

std::shared_ptr<const PackedMatrix> pack_tiles(const WeightRows& rows) {
  auto tiles = std::make_shared<TileMatrix>(rows);
  return tiles->exact() ? tiles : nullptr;
}

}  // namespace erprm
