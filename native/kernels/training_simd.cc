// The row-wise parts of training: RMS norm, SwiGLU, rotary positions, and the softmax over the vocabulary.
#include <cmath>

#include "kernels/kernel_table.h"
#include "kernels/simd_range.h"

namespace erprm::ERPRM_ISA {
namespace {

void rms_norm(const float* x, int rows, int width, const float* weight, float epsilon, float* y, float* inverse_rms) {
  for (int r = 0; r < rows; ++r, x += width, y += width) {
    F32x8 squares = splat8(0.0f);
    for_lanes(
        width, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
          const F32x8 v = load(x + i, lanes);
          squares += v * v;
        });
    inverse_rms[r] = 1.0f / std::sqrt(sum_lanes(squares) / static_cast<float>(width) + epsilon);
    const F32x8 factor = splat8(inverse_rms[r]);
    for_lanes(
        width, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
          store(y + i, load(x + i, lanes) * factor * load(weight + i, lanes), lanes);
        });
  }
}

void rms_norm_backward(const float* dy, const float* x, int rows, int width, const float* weight,
                       const float* inverse_rms, float* dx, float* dweight) {
  for (int r = 0; r < rows; ++r, dy += width, x += width, dx += width) {
    F32x8 products = splat8(0.0f);
    const F32x8 factor = splat8(inverse_rms[r]);
    for_lanes(
        width, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
          const F32x8 gradient = load(dy + i, lanes), normal = load(x + i, lanes) * factor;
          products += gradient * load(weight + i, lanes) * normal;
          if (dweight != nullptr) store(dweight + i, load(dweight + i, lanes) + gradient * normal, lanes);
        });
    const F32x8 mean = splat8(sum_lanes(products) / static_cast<float>(width));
    for_lanes(
        width, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
          const F32x8 normal = load(x + i, lanes) * factor;
          store(dx + i, (load(dy + i, lanes) * load(weight + i, lanes) - normal * mean) * factor, lanes);
        });
  }
}

ERPRM_INLINE F32x8 sigmoid8(F32x8 x) {
  const F32x8 zero = splat8(0.0f), one = splat8(1.0f);
  const F32x8 shrunk = exp8(min8(x, zero - x));  // exp(-|x|), so that no exponential overflows
  return (x >= zero ? one : shrunk) / (one + shrunk);
}

void swiglu(const float* gate, const float* up, int64_t count, float* y) {
  for_lanes(
      count, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
        const F32x8 g = load(gate + i, lanes);
        store(y + i, g * sigmoid8(g) * load(up + i, lanes), lanes);
      });
}

void swiglu_backward(const float* dy, const float* gate, const float* up, int64_t count, float* dgate, float* dup) {
  for_lanes(
      count, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
        const F32x8 g = load(gate + i, lanes), gradient = load(dy + i, lanes), open = sigmoid8(g);
        const F32x8 silu = g * open, slope = open + silu * (splat8(1.0f) - open);
        const F32x8 to_gate = gradient * load(up + i, lanes) * slope;
        store(dup + i, gradient * silu, lanes);
        store(dgate + i, to_gate, lanes);
      });
}

void rotate(float* x, int heads, int head_size, const float* cosines, const float* sines, float sign) {
  const int half = head_size / 2;
  for (int h = 0; h < heads; ++h, x += head_size) {
    for (int i = 0; i < half; i += 8) {
      const F32x8 first = load8(x + i), second = load8(x + half + i);
      const F32x8 c = load8(cosines + i), s = load8(sines + i) * splat8(sign);
      store8(x + i, first * c - second * s);
      store8(x + half + i, second * c + first * s);
    }
  }
}

void column_sums(const float* x, int rows, int columns, float* maxima, float* sums) {
  for (int c = 0; c < columns; ++c) maxima[c] = -INFINITY, sums[c] = 0.0f;
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; c += 8)
      store8(maxima + c, max8(load8(x + r * int64_t{columns} + c), load8(maxima + c)));
  }
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; c += 8) {
      const F32x8 term = exp8(load8(x + r * int64_t{columns} + c) - load8(maxima + c));
      store8(sums + c, load8(sums + c) + term);
    }
  }
}

void column_softmax(float* x, int rows, int columns, const float* log_sums, const float* factors) {
  for (int r = 0; r < rows; ++r, x += columns) {
    for (int c = 0; c < columns; c += 8) {
      store8(x + c, exp8(load8(x + c) - load8(log_sums + c)) * load8(factors + c));
    }
  }
}

void add(const float* x, int count, float* y) {
  for_lanes(
      count, [&](int64_t i, auto lanes)
                 __attribute__((always_inline)) { store(y + i, load(y + i, lanes) + load(x + i, lanes), lanes); });
}

}  // namespace

void add_training_kernels(KernelTable& table) {
  table.training.rms_norm = rms_norm;
  table.training.rms_norm_backward = rms_norm_backward;
  table.training.swiglu = swiglu;
  table.training.swiglu_backward = swiglu_backward;
  table.training.rotate = rotate;
  table.training.column_sums = column_sums;
  table.training.column_softmax = column_softmax;
  table.training.add = add;
}

}  // namespace erprm::ERPRM_ISA
