// Checkpoint tables and model configurations out of JavaScript values (src/native/contract.ts: Checkpoint,
// ModelConfig).
#pragma once

#include <string>
#include <vector>

#include "binding/args.h"
#include "binding/napi_setup.h"
#include "model/checkpoint.h"
#include "model/config.h"
#include "model/score_head.h"

namespace erprm {

struct CheckpointTable {
  std::vector<std::string> files;
  std::vector<TensorEntry> tensors;
};

// JS thread. All take the `checkpoint` argument; all throw INVALID_ARGUMENT naming the field.
ModelConfig read_model_config(Napi::Value checkpoint);
CheckpointTable read_checkpoint_table(Napi::Value checkpoint);
// Empty for a language model.
std::vector<ValueHeadLayer> read_value_head(Napi::Value checkpoint);
// `weights` of the options of a policy or reward model.
WeightType read_weight_type(const Fields& options);

}  // namespace erprm
