// The trainer's JavaScript object (src/native/contract.ts: NativeTrainer).
#pragma once

#include "binding/napi_setup.h"

namespace erprm {

// createTrainer(checkpoint, options) -> promise of a trainer.
Napi::Value create_trainer(const Napi::CallbackInfo& info);

}  // namespace erprm
