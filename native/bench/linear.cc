// Linear layers of the CPU's kernels, one core, each instruction set that this processor has. For the device `cpu`
// alone.
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randint.h>

#include "bench/context.h"
#include "kernels/kernel_table.h"

namespace erprm::bench {
namespace {

// x [rows, depth] W^T, W [outputs, depth], as each kind of weights has it.
void products(const Context& context, const KernelTable& kernels, int rows, int depth, int outputs) {
  const std::string shape =
      std::string(kernels.name) + " K " + std::to_string(depth) + ", " + std::to_string(rows) + " rows";
  const Work work{.operations = 2.0 * rows * depth * outputs};
  const int panels = outputs / kPanel;
  const at::Tensor x = context.random({rows, depth}, at::kFloat), y = context.random({rows, outputs}, at::kFloat);
  const at::Tensor floats = context.random({outputs, depth}, at::kFloat);
  const at::Tensor integers = at::randint(-127, 128, {outputs, depth}, at::kChar);
  const at::Tensor scales = at::ones({panels, num_groups(depth), kPanel}), row_scales = at::empty({rows});
  const int row_tiles = (rows + kTileRows - 1) / kTileRows;
  const at::Tensor rounded = at::empty({row_tiles, kTileRows, depth}, at::kShort);
  float* out = y.data_ptr<float>();
  context.report_host(shape + ", f32", work, [&] {
    kernels.linear_f32(x.data_ptr<float>(), depth, rows, floats.data_ptr<float>(), depth, 0, panels, out, outputs);
  });
  context.report_host(shape + ", int8", work, [&] {
    kernels.quantize_rows(x.data_ptr<float>(), depth, rows, depth, depth, rounded.data_ptr<int16_t>(),
                          row_scales.data_ptr<float>());
    kernels.linear_i8(rounded.data_ptr<int16_t>(), rows, integers.data_ptr<int8_t>(), depth, 0, panels,
                      row_scales.data_ptr<float>(), scales.data_ptr<float>(), out, outputs);
  });
  if (kernels.linear_bf16 == nullptr) return;
  const at::Tensor split = at::empty({row_tiles, depth, kPlanes, kTileRows}, at::kShort);
  const at::Tensor tiles = context.random({outputs, depth}, at::kBFloat16);
  auto* planes = reinterpret_cast<uint16_t*>(split.data_ptr<int16_t>());
  context.report_host(shape + ", bf16 weights as f32", work, [&] {
    kernels.split_rows(x.data_ptr<float>(), depth, rows, depth, depth, planes);
    kernels.linear_bf16(planes, rows, static_cast<const uint16_t*>(tiles.const_data_ptr()), depth, 0, panels, out,
                        outputs);
  });
}

BENCH("linear") {
  if (!context.on_host()) return;
  const int scale = context.size(1, 12);
  for (const auto& [depth, outputs] : {std::pair{576, 1536}, std::pair{1536, 576}}) {
    for (const int rows : {1, 4, 8, 16, 64}) {
      for (const KernelTable& kernels : kernel_tables()) products(context, kernels, rows, depth, outputs / scale);
    }
  }
}

}  // namespace
}  // namespace erprm::bench
