// The packed products against a naive sum in double precision, and the row rule: bits do not depend on the other rows.
#include <cstring>
#include <random>
#include <vector>

#include "core/testing.h"
#include "kernels/kernel_table.h"

namespace {

using erprm::kernel_tables;
using erprm::KernelTable;
using erprm::kPanel;

std::vector<float> random_floats(size_t count, uint32_t seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(bits);
  return values;
}

struct Shape {
  int rows, depth, outputs;
};
const Shape kShapes[] = {{1, 1, 16}, {5, 17, 32}, {6, 64, 16}, {7, 255, 48}, {13, 257, 16}, {32, 576, 80}, {3, 1000, 16}};

}  // namespace

TEST("a packed f32 product equals the naive sum") {
  for (const KernelTable& kernels : kernel_tables()) {
    for (const auto& [rows, depth, outputs] : kShapes) {
      const auto a = random_floats(static_cast<size_t>(rows) * depth, 1), panels = random_floats(static_cast<size_t>(depth) * outputs, 2);
      std::vector<float> c = random_floats(static_cast<size_t>(rows) * outputs, 3);
      const std::vector<float> before = c;
      kernels.linear_f32(a.data(), depth, rows, panels.data(), depth, 0, outputs / kPanel, c.data(), outputs);
      for (int r = 0; r < rows; ++r) {
        for (int n = 0; n < outputs; ++n) {
          double sum = before[r * outputs + n];
          for (int k = 0; k < depth; ++k) {
            sum += double(a[r * depth + k]) * panels[(static_cast<size_t>(n / kPanel) * depth + k) * kPanel + n % kPanel];
          }
          CHECK_NEAR(c[r * outputs + n], sum, 2e-5 * std::sqrt(depth));
        }
      }
    }
  }
}

TEST("a row of a product has the same bits alone and in company") {
  for (const KernelTable& kernels : kernel_tables()) {
    const int rows = 23, depth = 300, outputs = 32;
    const auto a = random_floats(rows * depth, 4), panels = random_floats(depth * outputs, 5);
    std::vector<float> together(rows * outputs, 0.0f);
    kernels.linear_f32(a.data(), depth, rows, panels.data(), depth, 0, outputs / kPanel, together.data(), outputs);
    for (int r = 0; r < rows; ++r) {
      std::vector<float> alone(outputs, 0.0f);
      for (int p = 0; p < outputs / kPanel; ++p) {
        kernels.linear_f32(a.data() + r * depth, depth, 1, panels.data(), depth, p, p + 1, alone.data(), outputs);
      }
      CHECK(std::memcmp(alone.data(), together.data() + r * outputs, sizeof(float) * outputs) == 0);
    }
  }
}

TEST("an int8 product is the exact integer sum times the scales, at the largest operands too") {
  for (const KernelTable& kernels : kernel_tables()) {
    for (const auto& [rows, odd_depth, outputs] : kShapes) {
      const int depth = odd_depth + odd_depth % 2;
      const int bound = static_cast<int>(std::min<int64_t>(32767, ((int64_t{1} << 31) - 1) / (127 * depth)));
      std::mt19937 bits(6);
      std::vector<int16_t> a(static_cast<size_t>(rows) * depth);
      std::vector<int8_t> panels(static_cast<size_t>(depth) * outputs);
      for (auto& value : a) value = static_cast<int16_t>(bits() % 2 ? bound : -bound);
      for (auto& value : panels) value = static_cast<int8_t>(bits() % 4 ? 127 : int(bits() % 255) - 127);
      for (int k = 0; k < depth; ++k) a[k] = static_cast<int16_t>(bound);  // one row of the largest possible sum
      const auto row_scales = random_floats(rows, 7), column_scales = random_floats(outputs, 8);
      std::vector<float> c(static_cast<size_t>(rows) * outputs, 0.0f);
      kernels.linear_i8(a.data(), depth, rows, panels.data(), depth, 0, outputs / kPanel, row_scales.data(),
                        column_scales.data(), c.data(), outputs);
      for (int r = 0; r < rows; ++r) {
        for (int n = 0; n < outputs; ++n) {
          int64_t sum = 0;
          for (int k = 0; k < depth; ++k) {
            sum += int64_t{a[r * depth + k]} *
                   panels[((static_cast<size_t>(n / kPanel) * depth / 2 + k / 2) * kPanel + n % kPanel) * 2 + k % 2];
          }
          CHECK(sum <= INT32_MAX && sum >= INT32_MIN);
          CHECK(c[r * outputs + n] == static_cast<float>(sum) * (row_scales[r] * column_scales[n]));
        }
      }
    }
  }
}

TEST("quantized rows keep the largest value and round to nearest") {
  for (const KernelTable& kernels : kernel_tables()) {
    const std::vector<float> x = {1.0f, -2.0f, 0.26f, 0.0f, 0.0f, 0.0f};
    std::vector<int16_t> out(8, 99);
    std::vector<float> scales(2);
    kernels.quantize_rows(x.data(), 3, 2, 3, 100, out.data(), 4, scales.data());
    CHECK(out == std::vector<int16_t>({50, -100, 13, 0, 0, 0, 0, 0}));
    CHECK_NEAR(scales[0], 0.02, 1e-9);
    CHECK(scales[1] == 1.0f);
  }
}
