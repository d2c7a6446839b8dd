// The row-wise kernels of training against naive formulas in double precision, for every instruction set.
#include <cmath>
#include <random>
#include <vector>

#include "core/testing.h"
#include "kernels/kernel_table.h"

namespace {

using erprm::kernel_tables;
using erprm::KernelTable;
using erprm::TileMask;
using Floats = std::vector<float>;

Floats random_floats(size_t count, uint32_t seed, float spread = 1) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal(0, spread);
  Floats values(count);
  for (float& value : values) value = normal(bits);
  return values;
}

}  // namespace

TEST("RMS norm and its gradients equal the formula in every instruction set") {
  for (const KernelTable& kernels : kernel_tables()) {
    for (const int width : {1, 8, 17, 81}) {
      const int rows = 5;
      const Floats x = random_floats(rows * width, 1), w = random_floats(width, 2), dy = random_floats(rows * width, 3);
      Floats y(x.size()), factors(rows), dx(x.size()), dw(width, 1.0f);
      kernels.training.rms_norm(x.data(), rows, width, w.data(), 0.5f, y.data(), factors.data());
      kernels.training.rms_norm_backward(dy.data(), x.data(), rows, width, w.data(), factors.data(), dx.data(),
                                         dw.data());
      std::vector<double> sums(width, 1.0);
      for (int r = 0; r < rows; ++r) {
        double squares = 0, dot = 0;
        for (int i = r * width; i < (r + 1) * width; ++i) {
          squares += double(x[i]) * x[i];
          dot += double(dy[i]) * w[i - r * width] * x[i];
        }
        const double factor = 1 / std::sqrt(squares / width + 0.5);
        for (int i = r * width, c = 0; c < width; ++i, ++c) {
          CHECK_NEAR(y[i], x[i] * factor * w[c], 3e-6);
          CHECK_NEAR(dx[i], factor * (dy[i] * w[c] - x[i] * factor * factor * dot / width), 6e-6);
          sums[c] += dy[i] * x[i] * factor;
        }
      }
      for (int c = 0; c < width; ++c) CHECK_NEAR(dw[c], sums[c], 1e-5);
    }
  }
}

TEST("SwiGLU's gradients are its slopes in every instruction set") {
  for (const KernelTable& kernels : kernel_tables()) {
    const int count = 77;
    const Floats gate = random_floats(count, 4, 3), up = random_floats(count, 5), dy = random_floats(count, 6);
    Floats y(count), dgate(count), dup(count);
    kernels.training.swiglu(gate.data(), up.data(), count, y.data());
    kernels.training.swiglu_backward(dy.data(), gate.data(), up.data(), count, dgate.data(), dup.data());
    const auto silu = [](double x) { return x / (1 + std::exp(-x)); };
    for (int i = 0; i < count; ++i) {
      const double slope = (silu(gate[i] + 1e-5) - silu(gate[i] - 1e-5)) / 2e-5;
      CHECK_NEAR(y[i], silu(gate[i]) * up[i], 3e-6);
      CHECK_NEAR(dup[i], silu(gate[i]) * dy[i], 3e-6);
      CHECK_NEAR(dgate[i], slope * up[i] * dy[i], 3e-6);
    }
  }
}

TEST("a softmax over two tiles, its gradient too, equals the formula under a mask in every instruction set") {
  for (const KernelTable& kernels : kernel_tables()) {
    // Row r sees keys [r - 3, r + 4) of 32; the second tile begins at key 16, so some rows see nothing of a tile.
    const int rows = 24, keys = 32, tile = 16, width = 16;
    const float scale = 0.5f;
    const Floats raw = random_floats(rows * keys, 7, 4), p = random_floats(rows * keys, 8);
    const Floats values = random_floats(keys * width, 9), own = random_floats(rows, 10);
    Floats maxima(rows, -INFINITY), sums(rows, 0.0f), out(rows * width, 0.0f), log_sums(rows * 2);
    for (int key = 0; key < keys; key += tile) {
      Floats scores(rows * tile), packed(values.begin() + key * width, values.begin() + (key + tile) * width);
      for (int i = 0; i < rows * tile; ++i) scores[i] = raw[i / tile * keys + key + i % tile];
      kernels.training.softmax_tile(scores.data(), tile, rows, tile, scale, {-3 - key, 4 - key}, maxima.data(),
                                    sums.data(), out.data(), width, width);
      kernels.product_f32(scores.data(), tile, rows, packed.data(), tile, width, true, out.data(), width);
    }
    kernels.training.softmax_finish(maxima.data(), sums.data(), rows, out.data(), width, width, log_sums.data(), 2);
    Floats weights = raw, gradients = p, sums_alone(rows);
    for (int r = 0; r < rows; ++r) sums_alone[r] = log_sums[2 * r];
    kernels.training.softmax_tile_backward(weights.data(), gradients.data(), keys, rows, keys, scale, {-3, 4},
                                           sums_alone.data(), own.data());
    for (int r = 0; r < rows; ++r) {
      const auto sees = [&](int j) { return j >= r - 3 && j < r + 4; };
      double total = 0;
      for (int j = 0; j < keys; ++j) total += sees(j) ? std::exp(double(scale) * raw[r * keys + j]) : 0;
      CHECK_NEAR(log_sums[2 * r], std::log(total), 2e-6);
      for (int d = 0; d < width; ++d) {
        double sum = 0;
        for (int j = 0; j < keys; ++j) {
          if (sees(j)) sum += std::exp(double(scale) * raw[r * keys + j]) / total * values[j * width + d];
        }
        CHECK_NEAR(out[r * width + d], sum, 3e-6);
      }
      for (int j = 0, i = r * keys; j < keys; ++j, ++i) {
        const double weight = sees(j) ? std::exp(double(scale) * raw[i]) / total : 0;
        CHECK_NEAR(weights[i], weight, sees(j) ? 2e-6 : 0);
        CHECK_NEAR(gradients[i], weight * (p[i] - own[r]) * scale, sees(j) ? 5e-6 : 0);
      }
    }
  }
}

TEST("the softmax of columns equals the formula in every instruction set") {
  for (const KernelTable& kernels : kernel_tables()) {
    const int rows = 9, columns = 24;
    Floats x = random_floats(rows * columns, 11, 5);
    const Floats before = x, factors = random_floats(columns, 12);
    Floats maxima(columns), sums(columns), log_sums(columns);
    kernels.training.column_sums(x.data(), rows, columns, maxima.data(), sums.data());
    for (int c = 0; c < columns; ++c) log_sums[c] = maxima[c] + std::log(sums[c]);
    kernels.training.column_softmax(x.data(), rows, columns, log_sums.data(), factors.data());
    for (int c = 0; c < columns; ++c) {
      double total = 0;
      for (int r = 0; r < rows; ++r) total += std::exp(double(before[r * columns + c]));
      CHECK_NEAR(log_sums[c], std::log(total), 2e-6);
      for (int i = c; i < rows * columns; i += columns) {
        CHECK_NEAR(x[i], factors[c] * std::exp(double(before[i])) / total, 4e-6);
      }
    }
  }
}

TEST("heads turn by plus and minus their angles, sums and dot products are exact on integers") {
  for (const KernelTable& kernels : kernel_tables()) {
    const Floats before = random_floats(64, 13), angles = random_floats(16, 14, 9);
    Floats x = before, cosines(16), sines(16), ones(17, 1.0f);
    for (int i = 0; i < 16; ++i) cosines[i] = std::cos(angles[i]), sines[i] = std::sin(angles[i]);
    for (const float sign : {1.0f, -1.0f}) {
      x = before;
      kernels.training.rotate(x.data(), 2, 32, cosines.data(), sines.data(), sign);
      for (int i = 0; i < 16; ++i) {
        CHECK_NEAR(x[32 + i], before[32 + i] * cosines[i] - sign * before[48 + i] * sines[i], 2e-6);
        CHECK_NEAR(x[48 + i], before[48 + i] * cosines[i] + sign * before[32 + i] * sines[i], 2e-6);
      }
    }
    const Floats integers = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
    kernels.training.add(integers.data(), 17, ones.data());
    for (int i = 0; i < 17; ++i) CHECK(ones[i] == i + 2);
    CHECK(kernels.training.dot(integers.data(), integers.data(), 16) == 1496);
  }
}
