#include "binding/js_trainer.h"

#include <memory>
#include <optional>
#include <type_traits>

#include "binding/args.h"
#include "binding/device_thread.h"
#include "binding/js_checkpoint.h"
#include "binding/js_error.h"
#include "binding/js_rank_group.h"
#include "binding/js_rollout.h"
#include "binding/trainer_args.h"
#include "core/error.h"
#include "core/parallel.h"
#include "ops/device_fault.h"
#include "train/gradient_sum.h"

namespace erprm {
namespace {

// A trainer and its threads. Made and freed on the device thread.
struct TrainerState {
  explicit TrainerState(int threads) : pool(threads) {}
  ~TrainerState() {
    sum.reset();
    trainer.reset();
    return_device_memory();
  }
  TrainerState(const TrainerState&) = delete;
  TrainerState& operator=(const TrainerState&) = delete;

  ThreadPool pool;
  const std::shared_ptr<BlockCache> memory = std::make_shared<BlockCache>();
  std::optional<Trainer> trainer;
  std::optional<GradientSum> sum;  // of a training of several ranks
  DeviceFault fault;
};

Napi::Array list_tensors(Napi::Env env, const Parameters& parameters) {
  Napi::Array list = Napi::Array::New(env);
  const auto add = [&](const std::string& name, const at::Tensor& tensor, const char* kind, bool trained) {
    Napi::Object object = Napi::Object::New(env);
    Napi::Array shape = Napi::Array::New(env);
    for (const int64_t size : tensor.sizes()) shape.Set(shape.Length(), static_cast<double>(size));
    object.Set("name", name);
    object.Set("shape", shape);
    object.Set("kind", kind);
    object.Set("trained", trained);
    list.Set(list.Length(), object);
  };
  for (const ParameterPointer& parameter : parameters.all()) {
    const bool adapter = parameter->name.find(".lora_") != std::string::npos;
    add(parameter->name, parameter->value, adapter ? "adapter" : "parameter", parameter->trained());
  }
  for (const ParameterPointer& parameter : parameters.all()) {
    if (!parameter->trained()) continue;
    add("first_moment." + parameter->name, parameter->first_moment, "moment", false);
    add("second_moment." + parameter->name, parameter->second_moment, "moment", false);
  }
  return list;
}

// Keeps the state alive for the JavaScript object; the device thread frees it.
class TrainerHandle {
 public:
  TrainerHandle(std::shared_ptr<JobQueue> queue, std::shared_ptr<TrainerState> state)
      : queue_(std::move(queue)), state_(std::move(state)) {}
  ~TrainerHandle() {
    if (state_ != nullptr) queue_->post([state = std::move(state_)] {});
  }
  TrainerHandle(const TrainerHandle&) = delete;
  TrainerHandle& operator=(const TrainerHandle&) = delete;

  // JS thread from here on.
  std::shared_ptr<TrainerState> state() const {
    require(state_ != nullptr, ErrorCode::DISPOSED, "Expected a trainer, received one that was disposed");
    return state_;
  }
  std::shared_ptr<TrainerState> dispose() { return std::exchange(state_, nullptr); }

 private:
  const std::shared_ptr<JobQueue> queue_;
  std::shared_ptr<TrainerState> state_;
};

using HandlePointer = std::shared_ptr<TrainerHandle>;

Napi::Object owner_of(const Napi::CallbackInfo& info) {
  return info.This().IsObject() ? info.This().As<Napi::Object>() : Napi::Object();
}

// Runs body(trainer) on the device thread in training mode, on the trainer's threads. The trainer is not collected
// while somebody waits for it.
template <typename Body>
Napi::Value run(const Napi::CallbackInfo& info, const HandlePointer& handle, Body body) {
  const Napi::Env env = info.Env();
  return DeviceThread::of(env).run(
      env,
      [state = handle->state(), body = std::move(body)]() -> MakeValue {
        const TrainingMode mode(state->memory);
        const ThreadPool::Use use(state->pool);
        return state->fault.guard([&] {
          if constexpr (std::is_invocable_v<Body, TrainerState&>) {
            return body(*state);
          } else {
            return body(*state->trainer);
          }
        });
      },
      owner_of(info));
}

MakeValue result_object(TrainingResult result) {
  return [shared = std::make_shared<const TrainingResult>(std::move(result))](Napi::Env env) -> Napi::Value {
    Napi::Object object = Napi::Object::New(env);
    object.Set("losses", to_typed_array<Napi::Float32Array>(env, shared->losses));
    object.Set("scores", to_typed_array<Napi::Float32Array>(env, shared->scores));
    return object;
  };
}

MakeValue nothing() {
  return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
}

Napi::Value accumulate(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  return run(info, handle, [batch = read_training_batch(info[0])](Trainer& trainer) {
    return result_object(trainer.accumulate(batch));
  });
}

Napi::Value evaluate(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  return run(info, handle, [batch = read_training_batch(info[0])](Trainer& trainer) {
    return result_object(trainer.evaluate(batch));
  });
}

Napi::Value update(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  return run(info, handle, [options = read_update_options(info[0])](Trainer& trainer) -> MakeValue {
    const double norm = trainer.update(options);
    return [norm](Napi::Env env) -> Napi::Value {
      Napi::Object object = Napi::Object::New(env);
      object.Set("gradientNorm", norm);
      return object;
    };
  });
}

Napi::Value gradient(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  return run(info, handle, [name = read_string("name", info[0])](Trainer& trainer) -> MakeValue {
    const at::Tensor& tensor = trainer.parameters().named(name)->gradient;
    require(tensor.defined(), ErrorCode::INVALID_ARGUMENT, "Expected the name of a trained tensor, received ", name);
    const at::Tensor host = tensor.to(at::kCPU).contiguous();
    const float* data = host.data_ptr<float>();
    auto numbers = std::make_shared<const std::vector<float>>(data, data + host.numel());
    return [numbers](Napi::Env env) -> Napi::Value { return to_typed_array<Napi::Float32Array>(env, *numbers); };
  });
}

Napi::Value write(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  return run(info, handle, [path = read_string("path", info[0]), slots = read_tensor_slots(info[1])](Trainer& trainer) {
    write_tensors(trainer.parameters(), path, slots);
    return nothing();
  });
}

Napi::Value read(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  return run(info, handle, [path = read_string("path", info[0]), slots = read_tensor_slots(info[1])](Trainer& trainer) {
    read_tensors(trainer.parameters(), path, slots);
    return nothing();
  });
}

GradientSum& sum_of(TrainerState& state) {
  if (!state.sum) state.sum.emplace(state.trainer->trained());
  return *state.sum;
}

Napi::Value add_gradients(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  const auto count = static_cast<int>(read_integer("count", info[1], 1, 4096));
  return run(info, handle, [group = read_rank_group(info[0]), count](TrainerState& state) {
    sum_of(state).add_round(*group, count);
    return nothing();
  });
}

Napi::Value share_gradients(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  return run(info, handle, [group = read_rank_group(info[0])](TrainerState& state) {
    sum_of(state).finish(*group);
    return nothing();
  });
}

Napi::Value copy_first(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  return run(info, handle, [group = read_rank_group(info[0])](TrainerState& state) {
    copy_from_first(*group, state.trainer->trained());
    return nothing();
  });
}

Napi::Value dispose(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  const Napi::Env env = info.Env();
  // Moved into a job behind all others: the work in flight ends first, and the device thread frees the memory.
  return DeviceThread::of(env).run(
      env, [state = std::make_shared<std::shared_ptr<TrainerState>>(handle->dispose())]() -> MakeValue {
        state->reset();
        return nothing();
      });
}

Napi::Object trainer_object(Napi::Env env, const HandlePointer& handle) {
  Napi::Object object = Napi::Object::New(env);
  const auto method = [&](const char* name, auto body) {
    object.Set(name, Napi::Function::New(
                         env,
                         [handle, body](const Napi::CallbackInfo& info) -> Napi::Value {
                           return guard_promise(info.Env(), [&] { return body(info, handle); });
                         },
                         name));
  };
  method("accumulate", accumulate);
  method("evaluate", evaluate);
  method("update", update);
  method("gradient", gradient);
  method("writeTensors", write);
  method("readTensors", read);
  method("addGradients", add_gradients);
  method("shareGradients", share_gradients);
  method("copyFromFirst", copy_first);
  method("dispose", dispose);
  // Names and shapes never change, so they may be read while the device thread works.
  object.Set("tensors", Napi::Function::New(
                            env,
                            [handle](const Napi::CallbackInfo& info) -> Napi::Value {
                              return guard(info.Env(), [&]() -> Napi::Value {
                                return list_tensors(info.Env(), handle->state()->trainer->parameters());
                              });
                            },
                            "tensors"));
  return object;
}

}  // namespace

Napi::Value create_trainer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guard_promise(env, [&]() -> Napi::Value {
    const ModelConfig config = read_model_config(info[0]);
    CheckpointTable table = read_checkpoint_table(info[0]);
    const TrainerSettings settings = read_trainer_settings(info[1]);
    expect_head_for(settings.options.loss, read_value_head(info[0]));
    const std::shared_ptr<JobQueue> queue = DeviceThread::of(env).queue();
    return DeviceThread::of(env).run(env, [config, table = std::move(table), settings, queue]() -> MakeValue {
      auto state = std::make_shared<TrainerState>(settings.threads);
      const TrainingMode mode(state->memory);
      const ThreadPool::Use use(state->pool);
      const Checkpoint checkpoint(table.files, table.tensors);
      state->trainer.emplace(config, checkpoint, settings.options);
      auto handle = std::make_shared<TrainerHandle>(queue, std::move(state));
      return [handle](Napi::Env inner) -> Napi::Value { return trainer_object(inner, handle); };
    });
  });
}

}  // namespace erprm
