// AngleTable: the cosines and sines of every position that was asked for so far, computed once, where a training's
// tensors lie. Thread: device thread only.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/config.h"

namespace erprm {

class AngleTable {
 public:
  AngleTable(const ModelConfig& config, at::Device device);

  struct Rows {
    at::Tensor cosines, sines;  // f32 [T, D/2], times the scale of the frequencies
  };
  // positions i32 [T], each below `count`, on the table's device.
  Rows rows(const at::Tensor& positions, int32_t count);

 private:
  void extend(int32_t count);

  const std::vector<float> inverse_frequencies_;  // [D/2]
  const float scale_;
  const at::Device device_;
  at::Tensor cosines_, sines_;  // f32 [positions, D/2]
};

}  // namespace erprm
