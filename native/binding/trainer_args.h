// What a trainer is told, out of JavaScript values (src/native/contract.ts). JS thread only; everything is copied; all
// throw INVALID_ARGUMENT naming the field.
#pragma once

#include <string>
#include <vector>

#include "binding/napi_setup.h"
#include "model/score_head.h"
#include "train/tensor_file.h"
#include "train/trainer.h"

namespace erprm {

struct TrainerSettings {
  TrainerOptions options;
  int threads;
};

// Also throws DEVICE_UNAVAILABLE for a device that this build or machine does not have.
TrainerSettings read_trainer_settings(Napi::Value value);
// What the checkpoint ends in must be what the loss reads. Throws INVALID_CHECKPOINT.
void expect_head_for(LossKind loss, const std::vector<ValueHeadLayer>& layers);
TrainingBatch read_training_batch(Napi::Value value);
UpdateOptions read_update_options(Napi::Value value);
std::vector<TensorSlot> read_tensor_slots(Napi::Value value);

}  // namespace erprm
