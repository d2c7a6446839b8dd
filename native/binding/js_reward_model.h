// The reward model as JavaScript sees it: `loadRewardModel` and the object of methods it resolves to
// (src/native/contract.ts).
#pragma once

#include "binding/napi_setup.h"

namespace erprm {

// loadRewardModel(checkpoint, options): Promise<NativeRewardModel>
Napi::Value load_reward_model(const Napi::CallbackInfo& info);

}  // namespace erprm
