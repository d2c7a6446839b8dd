#include "binding/js_reward_model.h"

#include "binding/args.h"
#include "binding/device_options.h"
#include "binding/device_thread.h"
#include "binding/js_checkpoint.h"
#include "binding/js_error.h"
#include "binding/js_rollout.h"
#include "binding/reward_model_handle.h"
#include "engine/accelerator_scorer.h"
#include "engine/cpu_scorer.h"

namespace erprm {
namespace {

using HandlePointer = std::shared_ptr<RewardModelHandle>;

Napi::Value score(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  const Napi::Env env = info.Env();
  return guard_promise(env, [&]() -> Napi::Value {
    // Copied: JavaScript may write to its arrays while the device thread reads.
    auto request = std::make_shared<ScoreRequest>();
    request->values = copy_array<int32_t>("values", info[0]);
    request->offsets = copy_array<int32_t>("offsets", info[1]);
    request->positions = copy_array<int32_t>("positions", info[2]);
    return DeviceThread::of(env).run(env, [model = handle->model(), request]() -> MakeValue {
      const ThreadPool::Use use(*model->pool);
      auto scores = std::make_shared<const std::vector<float>>(model->scorer->score(*request));
      return [scores](Napi::Env inner) { return to_typed_array<Napi::Float32Array>(inner, *scores); };
    });
  });
}

Napi::Value dispose(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  const Napi::Env env = info.Env();
  return guard_promise(env, [&]() -> Napi::Value {
    // Jobs run in order: this one after every score that was asked for, and a second dispose() after the first.
    return DeviceThread::of(env).run(env, [model = handle->dispose()]() -> MakeValue {
      if (model != nullptr) model->free();
      return [](Napi::Env inner) { return inner.Undefined(); };
    });
  });
}

Napi::Object reward_model_object(Napi::Env env, const HandlePointer& handle) {
  Napi::Object object = Napi::Object::New(env);
  const auto method = [&](const char* name, auto body) {
    object.Set(
        name,
        Napi::Function::New(
            env, [handle, body](const Napi::CallbackInfo& info) -> Napi::Value { return body(info, handle); }, name));
  };
  method("score", score);
  method("dispose", dispose);
  return object;
}

struct LoadRequest {
  ModelConfig config;
  CheckpointTable table;
  std::vector<ValueHeadLayer> value_head;
  DeviceOptions device;
  int threads;
  int64_t kv_memory_bytes;
  std::vector<int32_t> candidates;
};

LoadRequest read_request(const Napi::CallbackInfo& info) {
  const Fields options("options", info[1]);
  const DeviceOptions device = read_device_options(options);
  // 0 lets the device's free memory decide; the CPU's memory is not the model's alone.
  const int64_t least_memory = device.device.accelerated() ? 0 : 1;
  LoadRequest request{read_model_config(info[0]),
                      read_checkpoint_table(info[0]),
                      read_value_head(info[0]),
                      device,
                      static_cast<int>(options.integer("threads", 1, 1024)),
                      options.integer("kvMemoryBytes", least_memory, int64_t{1} << 52),
                      options.copy<int32_t>("candidates")};
  const bool has_value_head = !request.value_head.empty();
  require(!has_value_head || request.candidates.empty(), ErrorCode::INVALID_ARGUMENT,
          "Expected options.candidates to be empty for a checkpoint with a value head, received ",
          request.candidates.size());
  require(has_value_head || !request.candidates.empty(), ErrorCode::INVALID_ARGUMENT,
          "Expected options.candidates to hold one token or more for a checkpoint without a value head, received 0");
  return request;
}

std::shared_ptr<LoadedRewardModel> load(const LoadRequest& request) {
  auto pool = std::make_unique<ThreadPool>(request.threads);
  const ThreadPool::Use use(*pool);
  const auto checkpoint = std::make_shared<const Checkpoint>(request.table.files, request.table.tensors);
  // The head first: what is wrong with it is said before the weights are packed, which takes a while.
  ScoreHead head = request.value_head.empty() ? ScoreHead::candidates(request.config, *checkpoint, request.candidates)
                                              : ScoreHead::value_head(request.config, *checkpoint, request.value_head);
  std::unique_ptr<Scorer> scorer;
  if (request.device.device.accelerated()) {
    scorer = std::make_unique<AcceleratorScorer>(request.config, *checkpoint, std::move(head), request.device.element,
                                                 request.device.device);
  } else {
    auto transformer =
        std::make_unique<Transformer>(request.config, checkpoint, request.device.packed, OutputMatrix::kAbsent);
    scorer = std::make_unique<CpuScorer>(std::move(transformer), std::move(head), request.kv_memory_bytes);
  }
  return std::make_shared<LoadedRewardModel>(LoadedRewardModel{std::move(scorer), std::move(pool)});
}

}  // namespace

Napi::Value load_reward_model(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guard_promise(env, [&]() -> Napi::Value {
    const auto request = std::make_shared<const LoadRequest>(read_request(info));
    const std::shared_ptr<JobQueue> queue = DeviceThread::of(env).queue();
    return DeviceThread::of(env).run(env, [request, queue]() -> MakeValue {
      const std::shared_ptr<LoadedRewardModel> model = load(*request);
      const auto handle = std::make_shared<RewardModelHandle>(queue, model);
      return [handle](Napi::Env inner) -> Napi::Value { return reward_model_object(inner, handle); };
    });
  });
}

}  // namespace erprm
