// What a layer's weights are packed into against the product as it stands, in doubles; and the row rule: bits do not
// depend on the other rows, on threads, or on which columns are taken together.
#include "ops/packed_matrix.h"

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "core/parallel.h"
#include "core/testing.h"
#include "kernels/kernel_table.h"

namespace {

using erprm::kPanel;
using erprm::LinearSource;
using erprm::PackedMatrix;
using erprm::WeightRows;
using erprm::WeightType;

struct Shape {
  int64_t rows, inputs, outputs;
};
const Shape kShapes[] = {{1, 1, 16}, {5, 17, 33}, {16, 64, 16}, {17, 255, 48}, {33, 257, 40}, {70, 1100, 80}};

std::vector<float> random_floats(size_t count, uint32_t seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(bits);
  return values;
}

// The leading `kept` bits of a number's 24.
float cut(float x, int kept) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  bits &= ~((uint32_t{1} << (24 - kept)) - 1);
  std::memcpy(&x, &bits, sizeof bits);
  return x;
}

int64_t padded_outputs(int64_t outputs) { return (outputs + kPanel - 1) / kPanel * kPanel; }

// The layer with weights [outputs, inputs] as its one source.
std::vector<LinearSource> sources_of(const std::vector<float>& weights, int64_t outputs, int64_t inputs) {
  return {{"w", outputs, padded_outputs(outputs),
           [&weights, inputs](int64_t row, float* out) { std::copy_n(weights.data() + row * inputs, inputs, out); }}};
}

std::vector<float> product(const PackedMatrix& matrix, const std::vector<float>& x, int64_t inputs, int64_t first,
                           int64_t rows, int64_t outputs) {
  const int64_t width = padded_outputs(outputs);
  std::vector<float> y(static_cast<size_t>(rows * width), NAN);
  matrix.multiply(x.data() + first * inputs, inputs, rows, y.data(), width, [&](int64_t begin, int64_t end) {
    for (int64_t r = 0; r < rows; ++r) std::fill(y.data() + r * width + begin, y.data() + r * width + end, 0.0f);
  });
  return y;
}

// Largest difference from the sums of x and the given weights, relative to the sums of magnitudes.
double error_of(const std::vector<float>& y, const std::vector<float>& x, const std::vector<float>& weights,
                const Shape& shape) {
  double worst = 0;
  for (int64_t r = 0; r < shape.rows; ++r) {
    for (int64_t n = 0; n < shape.outputs; ++n) {
      double sum = 0, magnitude = 1e-30;
      for (int64_t k = 0; k < shape.inputs; ++k) {
        const double term = double(x[r * shape.inputs + k]) * weights[n * shape.inputs + k];
        sum += term;
        magnitude += std::fabs(term);
      }
      worst = std::max(worst, std::fabs(y[r * padded_outputs(shape.outputs) + n] - sum) / magnitude);
    }
  }
  return worst;
}

// Weights as int8 holds them: rounded to a 127th of the largest of 128.
std::vector<float> rounded(const std::vector<float>& weights, int64_t inputs) {
  std::vector<float> result(weights.size());
  for (size_t row = 0; row < weights.size(); row += inputs) {
    for (int64_t start = 0; start < inputs; start += 128) {
      const size_t first = row + start;
      const int64_t count = std::min<int64_t>(128, inputs - start);
      float largest = 0;
      for (int64_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(weights[first + i]));
      for (int64_t i = 0; i < count; ++i) {
        result[first + i] = std::round(weights[first + i] / largest * 127) * (largest / 127);
      }
    }
  }
  return result;
}

// Weights and how they are packed: bf16 numbers, which become tiles where there are tiles; f32; int8.
struct Kind {
  int kept;
  WeightType type;
};
const Kind kKinds[] = {{8, WeightType::kF32}, {24, WeightType::kF32}, {24, WeightType::kInt8}};

std::vector<float> random_weights(int64_t count, int kept, uint32_t seed) {
  auto weights = random_floats(count, seed);
  for (float& weight : weights) weight = cut(weight, kept);
  return weights;
}

}  // namespace

TEST("a product with weights as they are is that of f32, whether they have 8, 16 or 24 bits") {
  for (const Shape& shape : kShapes) {
    const auto x = random_floats(shape.rows * shape.inputs, 1);
    for (const int kept : {8, 16, 24}) {
      const auto weights = random_weights(shape.outputs * shape.inputs, kept, 2);
      const auto sources = sources_of(weights, shape.outputs, shape.inputs);
      const auto matrix = erprm::pack_matrix({sources, shape.inputs}, WeightType::kF32);
      const auto y = product(*matrix, x, shape.inputs, 0, shape.rows, shape.outputs);
      CHECK(error_of(y, x, weights, shape) < 1e-6);
      for (size_t i = 0; i < y.size(); ++i) {
        if (static_cast<int64_t>(i) % padded_outputs(shape.outputs) >= shape.outputs) CHECK(y[i] == 0.0f);
      }
    }
  }
}

TEST("weights become tiles only where all of them are bf16 numbers") {
  if (erprm::kernel_table().linear_bf16 == nullptr) return;
  auto weights = random_weights(16 * 40, 8, 3);
  const auto sources = sources_of(weights, 16, 40);
  CHECK(erprm::pack_tiles({sources, 40}) != nullptr);
  weights.back() = 1.0f / 3;
  CHECK(erprm::pack_tiles({sources, 40}) == nullptr);
}

TEST("a product with int8 weights is that of integers times scales, to the rounding of activations") {
  for (const Shape& shape : kShapes) {
    const auto x = random_floats(shape.rows * shape.inputs, 4);
    const auto weights = random_floats(shape.outputs * shape.inputs, 5);
    const auto sources = sources_of(weights, shape.outputs, shape.inputs);
    const auto matrix = erprm::pack_matrix({sources, shape.inputs}, WeightType::kInt8);
    const auto y = product(*matrix, x, shape.inputs, 0, shape.rows, shape.outputs);
    CHECK(error_of(y, x, rounded(weights, shape.inputs), shape) < 1e-4);
  }
}

TEST("a row of a packed product has the same bits alone, in company, and on any number of threads") {
  const int64_t rows = 71, inputs = 1100, outputs = 112;
  const auto x = random_floats(rows * inputs, 7);
  for (const auto& [kept, type] : kKinds) {
    const auto weights = random_weights(outputs * inputs, kept, 8);
    const auto sources = sources_of(weights, outputs, inputs);
    const auto matrix = erprm::pack_matrix({sources, inputs}, type);
    const auto together = product(*matrix, x, inputs, 0, rows, outputs);
    erprm::ThreadPool pool(3);
    const erprm::ThreadPool::Use use(pool);
    CHECK(product(*matrix, x, inputs, 0, rows, outputs) == together);
    for (const int64_t count : {1, 3, 6, 17}) {
      for (int64_t r = 0; r + count <= rows; r += 13) {
        const auto some = product(*matrix, x, inputs, r, count, outputs);
        CHECK(std::memcmp(some.data(), together.data() + r * outputs, sizeof(float) * some.size()) == 0);
      }
    }
  }
}

TEST("a row with a number that is not finite gives none, and its neighbours do") {
  const int64_t rows = 3, inputs = 45, outputs = 16;
  for (const auto& [kept, type] : kKinds) {
    const auto weights = random_weights(outputs * inputs, kept, 9);
    const auto sources = sources_of(weights, outputs, inputs);
    const auto matrix = erprm::pack_matrix({sources, inputs}, type);
    for (const float bad : {NAN, INFINITY, -INFINITY}) {
      auto x = random_floats(rows * inputs, 10);
      x[inputs + 44] = bad;
      const auto y = product(*matrix, x, inputs, 0, rows, outputs);
      for (int64_t n = 0; n < outputs; ++n) {
        CHECK(std::isfinite(y[n]) && !std::isfinite(y[outputs + n]) && std::isfinite(y[2 * outputs + n]));
      }
    }
  }
}

TEST("a weight that is not finite is named by its tensor, row and column") {
  std::vector<float> weights(20 * 3, 1.0f);
  weights[7 * 3 + 2] = NAN;
  const auto sources = sources_of(weights, 20, 3);
  for (const WeightType type : {WeightType::kF32, WeightType::kInt8}) {
    CHECK_THROWS(erprm::pack_matrix({sources, 3}, type),
                 "tensor w to hold finite numbers, received NaN at row 7, column 2");
  }
}
