// tensor_file: a trainer's tensors written into, and read from, places of a file. Which tensor lies where, and the
// header that says so, is the caller's (src/training/): there is no JSON in native code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/parameters.h"

namespace erprm {

enum class StoredType { kF32, kBF16, kF16 };

// See src/native/contract.ts, TensorSlot. Besides parameters' names: first_moment.NAME and second_moment.NAME.
struct TensorSlot {
  std::string name;
  StoredType type;
  uint64_t offset;
  bool merged;
};

// Numbers are rounded to the nearest even of the type. Throws IO (with the path), NOT_FOUND when there is no such file,
// INVALID_ARGUMENT for a name that is none, NUMERICAL for a number that is not finite or has no finite neighbour in the
// type.
void write_tensors(const Parameters& parameters, const std::string& path, const std::vector<TensorSlot>& slots);

// F32 slots only, not merged. Throws as above; IO when the file ends before a tensor does, INVALID_CHECKPOINT for a
// number that is not finite. Tensors before the one it names have been replaced then.
void read_tensors(const Parameters& parameters, const std::string& path, const std::vector<TensorSlot>& slots);

// The tensor of this name, a moment's included.
const at::Tensor& tensor_of(const Parameters& parameters, const std::string& name);

}  // namespace erprm
