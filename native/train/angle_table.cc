#include "train/angle_table.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>

#include <algorithm>
#include <cmath>

namespace erprm {

AngleTable::AngleTable(const ModelConfig& config, at::Device device)
    : inverse_frequencies_(config.rope_inverse_frequencies.begin(),
                           config.rope_inverse_frequencies.begin() + config.head_size / 2),
      scale_(config.rope_scale),
      device_(device),
      cosines_(at::empty({0, config.head_size / 2}, at::kFloat)),
      sines_(cosines_) {}

void AngleTable::extend(int32_t count) {
  if (count <= cosines_.size(0)) return;
  const int64_t positions = std::max<int64_t>({count, 2 * cosines_.size(0), 1024});
  const auto half = static_cast<int64_t>(inverse_frequencies_.size());
  const at::Tensor cosines = at::empty({positions, half}, at::kFloat), sines = at::empty({positions, half}, at::kFloat);
  for (int64_t p = 0; p < positions; ++p) {
    for (int64_t i = 0; i < half; ++i) {
      // The angle is rounded to f32 before the cosine is taken, as in model/transformer.cc.
      const float angle = static_cast<float>(p) * inverse_frequencies_[i];
      cosines.data_ptr<float>()[p * half + i] = static_cast<float>(std::cos(static_cast<double>(angle))) * scale_;
      sines.data_ptr<float>()[p * half + i] = static_cast<float>(std::sin(static_cast<double>(angle))) * scale_;
    }
  }
  cosines_ = cosines.to(device_);
  sines_ = sines.to(device_);
}

AngleTable::Rows AngleTable::rows(const at::Tensor& positions, int32_t count) {
  extend(count);
  return {at::index_select(cosines_, 0, positions), at::index_select(sines_, 0, positions)};
}

}  // namespace erprm
