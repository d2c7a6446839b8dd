// addon: the export table (src/native/contract.ts, NativeAddon) and nothing else.
#include "binding/addon_data.h"
#include "binding/js_functions.h"
#include "binding/js_policy.h"
#include "binding/js_rank_group.h"
#include "binding/js_reward_model.h"
#include "binding/js_trainer.h"
#include "binding/napi_setup.h"
#include "core/error.h"
#include "kernels/kernel_table.h"

namespace erprm {
namespace {

Napi::Object build_info(Napi::Env env) {
  Napi::Object info = Napi::Object::New(env);
  info.Set("libtorch", Napi::String::New(env, ERPRM_LIBTORCH_VERSION));
  info.Set("compiler", Napi::String::New(env, __VERSION__));
  info.Set("cuda", Napi::Boolean::New(env, ERPRM_CUDA != 0));
  info.Set("kernels", Napi::String::New(env, kernel_table().name));
  return info;
}

Napi::Object error_codes(Napi::Env env) {
  Napi::Object codes = Napi::Object::New(env);
  for (const ErrorCodeInfo& info : kErrorCodes) codes.Set(info.name, Napi::String::New(env, info.category));
  return codes;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new AddonData());
  exports.Set("buildInfo", build_info(env));
  exports.Set("errorCodes", error_codes(env));
  exports.Set("logMeanExp", Napi::Function::New(env, js_log_mean_exp, "logMeanExp"));
  exports.Set("readTensor", Napi::Function::New(env, js_read_tensor, "readTensor"));
  exports.Set("loadPolicy", Napi::Function::New(env, load_policy, "loadPolicy"));
  exports.Set("loadRewardModel", Napi::Function::New(env, load_reward_model, "loadRewardModel"));
  exports.Set("createTrainer", Napi::Function::New(env, create_trainer, "createTrainer"));
  exports.Set("joinRanks", Napi::Function::New(env, join_ranks, "joinRanks"));
  return exports;
}

}  // namespace
}  // namespace erprm

static Napi::Object erprm_init(Napi::Env env, Napi::Object exports) { return erprm::init(env, exports); }

NODE_API_MODULE(erprm, erprm_init)
