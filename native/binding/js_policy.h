// The policy as JavaScript sees it: `loadPolicy` and the object of methods it resolves to (src/native/contract.ts).
#pragma once

#include "binding/napi_setup.h"

namespace erprm {

// loadPolicy(checkpoint, options): Promise<NativePolicy>
Napi::Value load_policy(const Napi::CallbackInfo& info);

}  // namespace erprm
