#include <cmath>
#include <vector>

#include "core/testing.h"
#include "kernels/kernel_table.h"

using erprm::kernel_tables;
using erprm::KernelTable;

TEST("rms norm equals its formula and ignores the padding") {
  for (const KernelTable& kernels : kernel_tables()) {
    const int width = 19, wide = 32;
    std::vector<float> x(wide, 0.0f), weight(wide, 0.0f), out(wide);
    double squares = 0;
    for (int i = 0; i < width; ++i) {
      x[i] = 0.1f * static_cast<float>(i) - 0.7f;
      weight[i] = 1.0f + 0.01f * static_cast<float>(i);
      squares += double(x[i]) * x[i];
    }
    kernels.rms_norm(x.data(), wide, 1, width, weight.data(), 1e-5f, out.data(), wide);
    for (int i = 0; i < wide; ++i) CHECK_NEAR(out[i], x[i] / std::sqrt(squares / width + 1e-5) * weight[i], 1e-6);
  }
}

TEST("rotation keeps lengths and turns each pair by its angle") {
  for (const KernelTable& kernels : kernel_tables()) {
    std::vector<float> head(32), cosines(16), sines(16);
    for (int i = 0; i < 32; ++i) head[i] = static_cast<float>(i) - 11.0f;
    const std::vector<float> before = head;
    for (int i = 0; i < 16; ++i) {
      cosines[i] = std::cos(0.3f * static_cast<float>(i));
      sines[i] = std::sin(0.3f * static_cast<float>(i));
    }
    kernels.rotate(head.data(), 32, cosines.data(), sines.data(), 0.5f);
    for (int i = 0; i < 16; ++i) {
      CHECK_NEAR(head[i], 0.5 * (before[i] * cosines[i] - before[i + 16] * sines[i]), 1e-5);
      CHECK_NEAR(head[i + 16], 0.5 * (before[i + 16] * cosines[i] + before[i] * sines[i]), 1e-5);
    }
  }
}

TEST("swiglu equals its formula from the far left to the far right") {
  for (const KernelTable& kernels : kernel_tables()) {
    std::vector<float> gate_up(32), out(16);
    for (int i = 0; i < 16; ++i) {
      gate_up[i] = (static_cast<float>(i) - 8.0f) * 15.0f;
      gate_up[16 + i] = 0.5f + static_cast<float>(i);
    }
    kernels.swiglu(gate_up.data(), 32, 1, 16, out.data(), 16);
    for (int i = 0; i < 16; ++i) {
      const double gate = gate_up[i];
      CHECK_NEAR(out[i], gate / (1 + std::exp(-gate)) * gate_up[16 + i],
                 1e-6 * (1 + std::fabs(gate * gate_up[16 + i])));
    }
  }
}
