#include "model/weights.h"

#include <ATen/ops/zeros.h>

#include <cmath>

#include "core/error.h"
#include "kernels/kernel_table.h"

namespace erprm {

PackedLinear WeightReader::linear(const std::vector<Part>& parts, int64_t inputs, bool bias) const {
  std::vector<LinearSource> sources;
  int64_t outputs = 0;
  for (const Part& part : parts) {
    const std::string name = part.name + ".weight";
    checkpoint_.require_shape(name, {part.rows, inputs});
    sources.push_back({name, part.rows, padded(part.rows),
                       [this, name](int64_t row, float* out) { checkpoint_.read_rows(name, row, row + 1, out); }});
    outputs += padded(part.rows);
  }
  PackedLinear packed(sources, inputs, type_);
  if (bias) {
    const at::Tensor joined = at::zeros({outputs}, at::kFloat);
    int64_t offset = 0;
    for (const Part& part : parts) {
      joined.narrow(0, offset, padded(part.rows)).copy_(vector(part.name + ".bias", part.rows));
      offset += padded(part.rows);
    }
    packed.set_bias(joined);
  }
  return packed;
}

at::Tensor WeightReader::vector(const std::string& name, int64_t width) const {
  checkpoint_.require_shape(name, {width});
  const at::Tensor values = at::zeros({padded(width)}, at::kFloat);
  float* data = values.data_ptr<float>();
  checkpoint_.read_rows(name, 0, 1, data);
  for (int64_t i = 0; i < width; ++i) {
    if (!std::isfinite(data[i])) {
      throw Error(ErrorCode::INVALID_CHECKPOINT,
                  concat("Expected tensor ", name, " to hold finite numbers, received ", data[i], " at index ", i),
                  {{"tensor", name}, {"index", i}});
    }
  }
  return values;
}

}  // namespace erprm
