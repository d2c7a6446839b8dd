// What the card can do, measured with torch's own kernels: everything else is a share of these two numbers.
#include <ATen/ops/mm.h>

#include "bench/context.h"

namespace erprm::bench {
namespace {

BENCH("copy") {
  for (const int64_t mebibytes : {64, 1024, 4096}) {
    const int64_t bytes = context.size<int64_t>(mebibytes << 20, mebibytes << 4);
    const at::Tensor from = context.random({bytes / 4}, at::kFloat), to = context.empty({bytes / 4}, at::kFloat);
    context.report(std::to_string(bytes >> 10) + " KiB", {.bytes = 2.0 * static_cast<double>(bytes)},
                   [&] { to.copy_(from, /*non_blocking=*/true); });
  }
}

void multiply(const Context& context, const std::string& which, int64_t rows, int64_t outputs, int64_t inputs) {
  const at::Tensor x = context.random({rows, inputs}, at::kBFloat16);
  const at::Tensor weight = context.random({outputs, inputs}, at::kBFloat16);
  at::Tensor y = context.empty({rows, outputs}, at::kBFloat16);
  const double operations =
      2.0 * static_cast<double>(rows) * static_cast<double>(outputs) * static_cast<double>(inputs);
  const double bytes = 2.0 * static_cast<double>(rows * inputs + outputs * inputs + rows * outputs);
  context.report(which + " [" + std::to_string(rows) + ", " + std::to_string(inputs) + "] x [" +
                     std::to_string(inputs) + ", " + std::to_string(outputs) + "]",
                 {.bytes = bytes, .operations = operations}, [&] { at::mm_out(y, x, weight.t()); });
}

BENCH("matrix-rate") {
  for (const int64_t size : {4096, 8192, 16384}) {
    const int64_t n = context.size<int64_t>(size, size / 128);
    multiply(context, "square", n, n, n);
  }
}

// The products of one layer of Llama-3.1-8B, and its head.
BENCH("matrix-products") {
  const int64_t divisor = context.size<int64_t>(1, 128);
  for (const int64_t rows : {64, 256, 512, 1024}) {
    const int64_t m = context.size<int64_t>(rows, rows / 64);
    multiply(context, "qkv", m, 6144 / divisor, 4096 / divisor);
    multiply(context, "attention output", m, 4096 / divisor, 4096 / divisor);
    multiply(context, "gate and up", m, 28672 / divisor, 4096 / divisor);
    multiply(context, "down", m, 4096 / divisor, 14336 / divisor);
    multiply(context, "head", m, 128256 / divisor, 4096 / divisor);
  }
}

}  // namespace
}  // namespace erprm::bench
