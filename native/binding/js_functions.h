// The functions of the addon that belong to no handle (src/native/contract.ts, NativeAddon).
#pragma once

#include "binding/napi_setup.h"

namespace erprm {

// logMeanExp(outcomes, offsets, etas): Promise<Float32Array>
Napi::Value js_log_mean_exp(const Napi::CallbackInfo& info);

// readTensor(path, type, offset, shape, interleavedHeads): Promise<Float32Array>
Napi::Value js_read_tensor(const Napi::CallbackInfo& info);

}  // namespace erprm
