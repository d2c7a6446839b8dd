// Reading of the transformer's parameters by name, in the layout the kernels want.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "model/checkpoint.h"
#include "ops/packed_linear.h"

namespace erprm {

class WeightReader {
 public:
  WeightReader(const Checkpoint& checkpoint, WeightType type) : checkpoint_(checkpoint), type_(type) {}

  struct Part {
    std::string name;  // without ".weight" and ".bias"
    int64_t rows;
  };

  // One packed layer from consecutive parts, each padded to a multiple of 16 rows; biases joined where wanted.
  PackedLinear linear(const std::vector<Part>& parts, int64_t inputs, bool bias) const;

  // f32 [padded(width)], zero beyond width.
  at::Tensor vector(const std::string& name, int64_t width) const;

 private:
  const Checkpoint& checkpoint_;
  const WeightType type_;
};

}  // namespace erprm
