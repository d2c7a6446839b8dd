// RMS norm, rotary positions and SwiGLU: one pass each, row by row.
#include <cmath>

#include "kernels/kernel_table.h"
#include "kernels/simd.h"

namespace erprm::ERPRM_ISA {
namespace {

void rms_norm(const float* x, size_t ldx, int rows, int width, const float* weight, float epsilon, float* out,
              size_t ldo) {
  const int wide = static_cast<int>(padded(width));
  for (int r = 0; r < rows; ++r) {
    const float* row = x + r * ldx;
    F32x8 squares = splat8(0.0f), more = splat8(0.0f);
    for (int i = 0; i < wide; i += 16) {
      const F32x8 a = load8(row + i), b = load8(row + i + 8);
      squares += a * a;
      more += b * b;
    }
    const float mean = sum_lanes(squares + more) / static_cast<float>(width);
    const F32x8 factor = splat8(1.0f / std::sqrt(mean + epsilon));
    for (int i = 0; i < wide; i += 8) store8(out + r * ldo + i, load8(row + i) * factor * load8(weight + i));
  }
}

void rotate(float* head, int head_size, const float* cosines, const float* sines, float scale) {
  const int half = head_size / 2;
  const F32x8 factor = splat8(scale);
  for (int i = 0; i < half; i += 8) {
    const F32x8 x = load8(head + i), y = load8(head + half + i);
    const F32x8 c = load8(cosines + i), s = load8(sines + i);
    store8(head + i, (x * c - y * s) * factor);
    store8(head + half + i, (y * c + x * s) * factor);
  }
}

void swiglu(const float* gate_up, size_t ld, int rows, int width, float* out, size_t ldo) {
  for (int r = 0; r < rows; ++r) {
    const float* gates = gate_up + r * ld;
    const float* ups = gates + width;
    for (int i = 0; i < width; i += 8) {
      const F32x8 gate = load8(gates + i), zero = splat8(0.0f), one = splat8(1.0f);
      const F32x8 shrunk = exp8(min8(gate, zero - gate));  // exp(-|gate|), so that no exponential overflows
      const F32x8 sigmoid = (gate >= zero ? one : shrunk) / (one + shrunk);
      store8(out + r * ldo + i, gate * sigmoid * load8(ups + i));
    }
  }
}

}  // namespace

void add_pointwise_kernels(KernelTable& table) {
  table.rms_norm = rms_norm;
  table.rotate = rotate;
  table.swiglu = swiglu;
}

}  // namespace erprm::ERPRM_ISA
