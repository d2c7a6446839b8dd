// The packed products against a naive sum in double precision, and the row rule: bits do not depend on the other rows.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "core/testing.h"
#include "kernels/kernel_table.h"

namespace {

using erprm::kActivationBound;
using erprm::kernel_tables;
using erprm::KernelTable;
using erprm::kGroup;
using erprm::kIntegerStep;
using erprm::kPanel;
using erprm::num_groups;

std::vector<float> random_floats(size_t count, uint32_t seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(bits);
  return values;
}

// Rows of x as a table's int8 product takes them.
struct IntegerRows {
  IntegerRows(const KernelTable& kernels, const std::vector<float>& x, int rows, int width, int depth)
      : numbers(static_cast<int16_t*>(std::aligned_alloc(64, (rows + 15) / 16 * 16 * depth * sizeof(int16_t)))),
        scales(rows) {
    kernels.quantize_rows(x.data(), width, rows, width, depth, numbers.get(), scales.data());
  }
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<int16_t, Free> numbers;
  std::vector<float> scales;
};

struct Shape {
  int rows, depth, outputs;
};
const Shape kShapes[] = {{1, 1, 16},    {5, 17, 32},   {6, 64, 16},   {7, 255, 48},
                         {13, 257, 16}, {32, 576, 80}, {3, 1000, 16}, {18, 2100, 48}};

}  // namespace

TEST("a packed f32 product equals the naive sum") {
  for (const KernelTable& kernels : kernel_tables()) {
    for (const auto& [rows, depth, outputs] : kShapes) {
      const auto a = random_floats(static_cast<size_t>(rows) * depth, 1),
                 panels = random_floats(static_cast<size_t>(depth) * outputs, 2);
      std::vector<float> c = random_floats(static_cast<size_t>(rows) * outputs, 3);
      const std::vector<float> before = c;
      kernels.linear_f32(a.data(), depth, rows, panels.data(), depth, 0, outputs / kPanel, c.data(), outputs);
      for (int r = 0; r < rows; ++r) {
        for (int n = 0; n < outputs; ++n) {
          double sum = before[r * outputs + n];
          for (int k = 0; k < depth; ++k) {
            sum +=
                double(a[r * depth + k]) * panels[(static_cast<size_t>(n / kPanel) * depth + k) * kPanel + n % kPanel];
          }
          CHECK_NEAR(c[r * outputs + n], sum, 2e-5 * std::sqrt(depth));
        }
      }
    }
  }
}

TEST("a row of a product has the same bits alone and in company") {
  for (const KernelTable& kernels : kernel_tables()) {
    const int rows = 23, depth = 300, outputs = 64;
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

TEST("an int8 product is the exact integer sum of each group times its scale, at the largest operands too") {
  for (const KernelTable& kernels : kernel_tables()) {
    for (const auto& [rows, any_depth, outputs] : kShapes) {
      const int depth = (any_depth + kIntegerStep - 1) / kIntegerStep * kIntegerStep;
      const int groups = static_cast<int>(num_groups(depth)), run = kernels.integer_run;
      std::mt19937 bits(6);
      std::vector<float> a(static_cast<size_t>(rows) * depth);
      std::vector<int8_t> panels(static_cast<size_t>(depth) * outputs);
      for (float& value : a) value = static_cast<float>(bits() % 2 ? kActivationBound : -kActivationBound);
      for (auto& value : panels) value = static_cast<int8_t>(bits() % 4 ? 127 : int(bits() % 255) - 127);
      for (int k = 0; k < depth; ++k) a[k] = kActivationBound;  // one row of the largest possible sum
      const auto row_scales = random_floats(rows, 7), scales = random_floats(static_cast<size_t>(groups) * outputs, 8);
      std::vector<float> c(static_cast<size_t>(rows) * outputs, 0.0f);
      const IntegerRows integers(kernels, a, rows, depth, depth);
      for (const float scale : integers.scales) CHECK(scale == 1.0f);
      kernels.linear_i8(integers.numbers.get(), rows, panels.data(), depth, 0, outputs / kPanel, row_scales.data(),
                        scales.data(), c.data(), outputs);
      for (int r = 0; r < rows; ++r) {
        for (int n = 0; n < outputs; ++n) {
          double expected = 0, magnitude = 0;
          for (int g = 0; g < groups; ++g) {
            int64_t sum = 0;
            for (int k = g * kGroup; k < std::min(depth, (g + 1) * kGroup); ++k) {
              sum += int64_t{static_cast<int32_t>(a[r * depth + k])} *
                     panels[((static_cast<size_t>(n / kPanel) * depth + k / run * run) * kPanel) + n % kPanel * run +
                            k % run];
            }
            CHECK(sum <= INT32_MAX && sum >= INT32_MIN);
            const double scale = double(row_scales[r]) * scales[(n / kPanel * groups + g) * kPanel + n % kPanel];
            expected += double(sum) * scale;
            magnitude += std::fabs(double(sum) * scale);
          }
          CHECK_NEAR(c[r * outputs + n], expected, 1e-6 * magnitude);
        }
      }
    }
  }
}

TEST("a row of an int8 product has the same bits alone and in company") {
  for (const KernelTable& kernels : kernel_tables()) {
    const int rows = 20, depth = 8 * kGroup + kIntegerStep, outputs = 32;
    std::mt19937 bits(9);
    const auto a = random_floats(rows * depth, 12);
    std::vector<int8_t> panels(depth * outputs);
    for (auto& value : panels) value = static_cast<int8_t>(int(bits() % 255) - 127);
    const auto scales = random_floats(num_groups(depth) * outputs, 11);
    const auto run = [&](int first, int count) {
      std::vector<float> c(static_cast<size_t>(count) * outputs, 0.0f);
      const std::vector<float> x(a.begin() + first * depth, a.begin() + (first + count) * depth);
      const IntegerRows integers(kernels, x, count, depth, depth);
      kernels.linear_i8(integers.numbers.get(), count, panels.data(), depth, 0, outputs / kPanel,
                        integers.scales.data(), scales.data(), c.data(), outputs);
      return c;
    };
    const auto together = run(0, rows);
    for (int r = 0; r < rows; ++r) {
      CHECK(std::memcmp(run(r, 1).data(), together.data() + r * outputs, sizeof(float) * outputs) == 0);
    }
  }
}

TEST("quantized rows keep the largest value and round to nearest, in every row of two tiles") {
  for (const KernelTable& kernels : kernel_tables()) {
    const int rows = 19, width = 67, depth = 2 * kIntegerStep;
    auto x = random_floats(static_cast<size_t>(rows) * width, 13);
    for (int k = 0; k < width; ++k) x[3 * width + k] = 0.0f;
    const IntegerRows integers(kernels, x, rows, width, depth);
    for (int r = 0; r < rows; ++r) {
      float largest = 0;
      for (int k = 0; k < width; ++k) largest = std::max(largest, std::fabs(x[r * width + k]));
      const double scale = r == 3 ? 1.0 : double(largest) / kActivationBound;
      CHECK_NEAR(integers.scales[r], scale, 1e-7 * scale);
      for (int k = 0; k < depth; ++k) {
        const double wanted = k < width ? x[r * width + k] / scale : 0.0;
        CHECK_NEAR(kernels.integer_at(integers.numbers.get(), depth, r, k), wanted, 0.51);
      }
    }
  }
}

TEST("a row with a number that is not finite becomes NaN in an int8 product, and its neighbours do not") {
  for (const KernelTable& kernels : kernel_tables()) {
    for (const float bad : {NAN, INFINITY, -INFINITY}) {
      for (const int width : {40, 43}) {
        for (const int at : {0, 17, width - 1}) {
          const int depth = 2 * kGroup;
          auto x = random_floats(2 * static_cast<size_t>(width), 12);
          x[at] = bad;
          const IntegerRows integers(kernels, x, 2, width, depth);
          std::vector<float> scales(2 * kPanel, 1.0f), c(2 * kPanel, 0.0f);
          const std::vector<int8_t> panels(static_cast<size_t>(depth) * kPanel, 1);
          kernels.linear_i8(integers.numbers.get(), 2, panels.data(), depth, 0, 1, integers.scales.data(),
                            scales.data(), c.data(), kPanel);
          for (int n = 0; n < kPanel; ++n) CHECK(std::isnan(c[n]) && std::isfinite(c[kPanel + n]));
        }
      }
    }
  }
}
