// Products on packed panels against a naive sum in double precision, for every instruction set.
#include <cmath>
#include <random>
#include <vector>

#include "core/testing.h"
#include "kernels/kernel_table.h"

namespace {

using erprm::kernel_tables;
using erprm::KernelTable;
using erprm::padded;

std::vector<float> random_floats(size_t count, uint32_t seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(bits);
  return values;
}

struct Shape {
  int rows, depth, columns;
};
const Shape kShapes[] = {{1, 1, 1}, {5, 17, 31}, {8, 64, 48}, {19, 100, 49}, {23, 384, 95}, {33, 7, 130}};

}  // namespace

TEST("a product on panels equals the naive sum, its factors packed from rows or from columns") {
  for (const KernelTable& kernels : kernel_tables()) {
    for (const auto& [rows, depth, columns] : kShapes) {
      const size_t lda = depth + 3, ldc = columns + 5;
      const auto a = random_floats(rows * lda, 1), b = random_floats(static_cast<size_t>(columns) * depth, 2);
      std::vector<float> b_columns(b.size()), a_panels(padded(rows) * depth), panels(padded(columns) * depth),
          other(panels);
      for (int n = 0; n < columns; ++n) {
        for (int k = 0; k < depth; ++k) b_columns[k * columns + n] = b[n * depth + k];
      }
      kernels.pack_panels(b.data(), depth, 1, depth, columns, panels.data());
      kernels.pack_panels(b_columns.data(), 1, columns, depth, columns, other.data());
      CHECK(panels == other);
      kernels.pack_panels(a.data(), lda, 1, depth, rows, a_panels.data());
      for (const bool add : {false, true}) {
        const std::vector<float> before = random_floats(rows * ldc, 3);
        std::vector<float> c = before, from_panels = before;
        kernels.product_f32(a.data(), lda, rows, panels.data(), depth, columns, add, c.data(), ldc);
        kernels.product_f32(a_panels.data(), 0, rows, panels.data(), depth, columns, add, from_panels.data(), ldc);
        CHECK(c == from_panels);
        for (int r = 0; r < rows; ++r) {
          for (size_t n = 0; n < ldc; ++n) {
            const bool inside = n < static_cast<size_t>(columns);
            double sum = add || !inside ? before[r * ldc + n] : 0.0;
            for (int k = 0; inside && k < depth; ++k) sum += double(a[r * lda + k]) * b[n * depth + k];
            CHECK_NEAR(c[r * ldc + n], sum, inside ? 4e-6 * (1 + std::sqrt(depth)) : 0.0);
          }
        }
      }
    }
  }
}
