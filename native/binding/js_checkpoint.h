// Checkpoint tables and model configurations out of JavaScript values (src/native/contract.ts: Checkpoint,
// ModelConfig).
#pragma once

#include <string>
#include <vector>

#include "binding/napi_setup.h"
#include "model/checkpoint.h"
#include "model/config.h"

namespace erprm {

struct CheckpointTable {
  std::vector<std::string> files;
  std::vector<TensorEntry> tensors;
};

// JS thread. Both take the `checkpoint` argument; both throw INVALID_ARGUMENT naming the field.
ModelConfig read_model_config(Napi::Value checkpoint);
CheckpointTable read_checkpoint_table(Napi::Value checkpoint);

}  // namespace erprm
