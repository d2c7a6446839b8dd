#include "binding/js_policy.h"

#include <algorithm>

#include "binding/args.h"
#include "binding/device_options.h"
#include "binding/device_thread.h"
#include "binding/js_checkpoint.h"
#include "binding/js_error.h"
#include "binding/js_rollout.h"
#include "binding/policy_handle.h"
#include "core/error.h"
#include "engine/accelerator_engine.h"
#include "engine/rollout_engine.h"
#include "kernels/kernel_table.h"

namespace erprm {
namespace {

using HandlePointer = std::shared_ptr<PolicyHandle>;

// Tokens of a completion that an accelerator decodes between two looks of the host.
constexpr int32_t kDefaultBurst = 8;

// Sequences of a ragged batch, checked against the model.
std::vector<std::vector<int32_t>> read_sequences(const Napi::CallbackInfo& info, const ModelConfig& config) {
  const auto values = read_array<int32_t>("values", info[0]);
  const auto offsets = read_array<int32_t>("offsets", info[1]);
  const int64_t count = check_offsets("offsets", offsets, static_cast<int64_t>(values.size()));
  std::vector<std::vector<int32_t>> sequences;
  for (int64_t s = 0; s < count; ++s) {
    sequences.emplace_back(values.begin() + offsets[s], values.begin() + offsets[s + 1]);
    require(static_cast<int>(sequences.back().size()) <= config.context_length, ErrorCode::INVALID_ARGUMENT,
            "Expected sequence ", s, " to have at most ", config.context_length, " tokens, received ",
            sequences.back().size());
    for (int32_t token : sequences.back()) {
      require(token >= 0 && token < config.vocabulary_size, ErrorCode::INVALID_ARGUMENT, "Expected tokens from 0 to ",
              config.vocabulary_size - 1, " in sequence ", s, ", received ", token);
    }
  }
  return sequences;
}

// Empty when nobody listens.
Napi::Function read_listener(Napi::Value request) {
  const Fields fields("request", request);
  const Napi::Value value = fields.field("onTokens");
  if (value.IsUndefined()) return Napi::Function();
  if (!value.IsFunction()) fail_argument(fields.path("onTokens"), "a function", value);
  return value.As<Napi::Function>();
}

// Tokens go to the listener of the promise as they are sampled; one that throws ends the request.
void listen(const std::shared_ptr<RolloutRequest>& request, const std::shared_ptr<Outbox>& outbox, uint64_t promise) {
  request->on_tokens = [outbox, promise, weak = std::weak_ptr(request)](FreshTokens tokens) {
    auto fresh = std::make_shared<const FreshTokens>(std::move(tokens));
    outbox->post([outbox = outbox.get(), promise, weak, fresh](Napi::Env env) {
      const auto make = [&](Napi::Env inner) { return fresh_tokens(inner, *fresh); };
      if (outbox->notify(env, promise, make)) return;
      if (const std::shared_ptr<RolloutRequest> heard = weak.lock()) heard->cancelled = true;
    });
  };
}

Napi::Value rollout(const Napi::CallbackInfo& info, const HandlePointer& handle, const ModelConfig& config) {
  const Napi::Env env = info.Env();
  return guard_promise(env, [&]() -> Napi::Value {
    const std::shared_ptr<RolloutRequest> request = read_rollout_request(info[0], config.vocabulary_size);
    const int64_t id = Fields("request", info[0]).integer("id", 0, int64_t{1} << 53);
    const std::shared_ptr<PolicyLoop> loop = handle->loop();
    DeviceThread& thread = DeviceThread::of(env);
    // The policy is not collected, and its engine not freed, while somebody waits for this.
    const Napi::Object owner = info.This().IsObject() ? info.This().As<Napi::Object>() : Napi::Object();
    const Napi::Function listener = read_listener(info[0]);
    const Outbox::Pending pending = thread.outbox()->add_promise(env, owner, listener);
    const Settlement settlement(thread.outbox(), pending.id);
    handle->remember(id, request, settlement);
    request->on_finish = [settlement](RolloutResult result) {
      settlement.resolve([result = std::make_shared<RolloutResult>(std::move(result))](Napi::Env inner) {
        return rollout_result(inner, *result);
      });
    };
    request->on_fail = [settlement](std::exception_ptr error) { settlement.reject(error); };
    if (!listener.IsEmpty()) listen(request, thread.outbox(), pending.id);
    thread.queue()->post([loop, request, settlement] {
      try {
        loop->engine().submit(request);
      } catch (...) {
        settlement.reject(std::current_exception());
      }
    });
    return pending.promise;
  });
}

Napi::Value log_probabilities(const Napi::CallbackInfo& info, const HandlePointer& handle, const ModelConfig& config) {
  const Napi::Env env = info.Env();
  return guard_promise(env, [&]() -> Napi::Value {
    auto sequences = read_sequences(info, config);
    const float temperature = checked_temperature("temperature", read_finite("temperature", info[2]));
    require(temperature > 0, ErrorCode::INVALID_ARGUMENT, "Expected temperature to be positive, received ",
            temperature);
    return DeviceThread::of(env).run(
        env, [loop = handle->loop(), sequences = std::move(sequences), temperature]() -> MakeValue {
          Engine& engine = loop->engine();
          const ThreadPool::Use use(loop->pool());
          const ModelConfig& config = engine.config();
          auto result = std::make_shared<std::vector<float>>();
          std::vector<float> scratch(static_cast<size_t>(config.vocabulary_size) + 16);
          for (const std::vector<int32_t>& tokens : sequences) {
            if (tokens.empty()) continue;
            result->push_back(0.0f);
            engine.visit_logits(tokens, [&](int64_t position, const float* logits) {
              if (position + 1 == static_cast<int64_t>(tokens.size())) return;
              const float value = kernel_table().log_probability(logits, config.vocabulary_size, temperature,
                                                                 tokens[position + 1], scratch.data());
              require(std::isfinite(value), ErrorCode::NUMERICAL, "Expected finite logits, received NaN or infinity");
              result->push_back(value);
            });
          }
          return [result](Napi::Env inner) { return to_typed_array<Napi::Float32Array>(inner, *result); };
        });
  });
}

Napi::Value logits(const Napi::CallbackInfo& info, const HandlePointer& handle, const ModelConfig& config) {
  const Napi::Env env = info.Env();
  return guard_promise(env, [&]() -> Napi::Value {
    auto sequences = read_sequences(info, config);
    return DeviceThread::of(env).run(env, [loop = handle->loop(), sequences = std::move(sequences)]() -> MakeValue {
      Engine& engine = loop->engine();
      const ThreadPool::Use use(loop->pool());
      const ModelConfig& config = engine.config();
      auto result = std::make_shared<std::vector<float>>();
      for (const std::vector<int32_t>& tokens : sequences) {
        engine.visit_logits(tokens, [&](int64_t, const float* row) {
          result->insert(result->end(), row, row + config.vocabulary_size);
        });
      }
      return [result](Napi::Env inner) { return to_typed_array<Napi::Float32Array>(inner, *result); };
    });
  });
}

Napi::Value set_token_bytes(const Napi::CallbackInfo& info, const HandlePointer& handle, const ModelConfig& config) {
  const Napi::Env env = info.Env();
  return guard(env, [&] {
    auto bytes = std::make_shared<TokenBytes>();
    bytes->values = copy_array<uint8_t>("values", info[0]);
    bytes->offsets = copy_array<int32_t>("offsets", info[1]);
    const int64_t rows = check_offsets("offsets", bytes->offsets, static_cast<int64_t>(bytes->values.size()));
    require(rows >= config.vocabulary_size, ErrorCode::INVALID_ARGUMENT, "Expected offsets to hold the bytes of ",
            config.vocabulary_size, " tokens, received ", rows);
    // Jobs run in order, so every request submitted after this call finds the bytes.
    DeviceThread::of(env).queue()->post([loop = handle->loop(), bytes] {
      try {
        loop->engine().set_token_bytes(std::move(*bytes));
      } catch (const Error&) {
        // A disposed policy: there will be no request that needs the bytes.
      }
    });
    return env.Undefined();
  });
}

Napi::Value stats(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  const EngineStats& stats = handle->stats();
  Napi::Object object = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, double value) { object.Set(name, value); };
  set("promptTokens", static_cast<double>(stats.prompt_tokens));
  set("completionTokens", static_cast<double>(stats.completion_tokens));
  set("recomputedTokens", static_cast<double>(stats.recomputed_tokens));
  set("completions", static_cast<double>(stats.completions));
  set("iterations", static_cast<double>(stats.iterations));
  set("running", static_cast<double>(stats.running));
  set("waiting", static_cast<double>(stats.waiting));
  set("kvBytes", static_cast<double>(stats.kv_bytes));
  set("kvBytesPeak", static_cast<double>(stats.kv_bytes_peak));
  set("busySeconds", stats.busy_seconds);
  return object;
}

Napi::Value dispose(const Napi::CallbackInfo& info, const HandlePointer& handle) {
  const Napi::Env env = info.Env();
  return guard_promise(env, [&]() -> Napi::Value {
    DeviceThread& thread = DeviceThread::of(env);
    std::shared_ptr<PolicyLoop> loop = handle->dispose();
    if (loop == nullptr) return thread.run(env, [] { return [](Napi::Env inner) { return inner.Undefined(); }; });
    // Moved: the last owner is the device thread, which frees the loop.
    return thread.run_settling(env,
                               [loop = std::move(loop)](const Settlement& settlement) { loop->close(settlement); });
  });
}

Napi::Object policy_object(Napi::Env env, const HandlePointer& handle, std::shared_ptr<const ModelConfig> config) {
  Napi::Object object = Napi::Object::New(env);
  const auto method = [&](const char* name, auto body) {
    object.Set(name, Napi::Function::New(
                         env,
                         [handle, config, body](const Napi::CallbackInfo& info) -> Napi::Value {
                           return body(info, handle, *config);
                         },
                         name));
  };
  method("rollout", rollout);
  method("logProbabilities", log_probabilities);
  method("logits", logits);
  method("setTokenBytes", set_token_bytes);
  method("stats", [](const auto& info, const auto& owner, const auto&) { return stats(info, owner); });
  method("dispose", [](const auto& info, const auto& owner, const auto&) { return dispose(info, owner); });
  method("cancel", [](const auto& info, const auto& owner, const auto&) {
    return guard(info.Env(), [&] {
      owner->cancel(read_integer("id", info[0], 0, int64_t{1} << 53));
      return info.Env().Undefined();
    });
  });
  return object;
}

struct LoadOptions {
  DeviceOptions device;
  int threads;
  int32_t max_batch, prefill_chunk, burst_tokens;
  int64_t kv_memory_bytes;
};

LoadOptions read_options(Napi::Value value) {
  const Fields fields("options", value);
  LoadOptions options{read_device_options(fields),
                      static_cast<int>(fields.integer("threads", 1, 1024)),
                      static_cast<int32_t>(fields.integer("maxBatch", 1, 1 << 16)),
                      static_cast<int32_t>(fields.integer("prefillChunk", 1, 1 << 16)),
                      kDefaultBurst,
                      0};
  const bool accelerated = options.device.device.accelerated();
  // 0 lets the device's free memory decide; the CPU's memory is not the model's alone.
  options.kv_memory_bytes = fields.integer("kvMemoryBytes", accelerated ? 0 : 1, int64_t{1} << 52);
  if (!fields.field("burstTokens").IsUndefined()) {
    options.burst_tokens = static_cast<int32_t>(fields.integer("burstTokens", 1, kKvTokens));
  }
  return options;
}

std::unique_ptr<Engine> load_engine(const ModelConfig& config, const CheckpointTable& table, const LoadOptions& options,
                                    std::shared_ptr<EngineStats> stats) {
  auto checkpoint = std::make_shared<const Checkpoint>(table.files, table.tensors);
  if (options.device.device.accelerated()) {
    return AcceleratorEngine::load(config, *checkpoint, options.device.device,
                                   {options.device.element, options.max_batch, options.prefill_chunk,
                                    options.burst_tokens, options.kv_memory_bytes},
                                   std::move(stats));
  }
  auto transformer =
      std::make_unique<Transformer>(config, std::move(checkpoint), options.device.packed, OutputMatrix::kPacked);
  const SchedulerLimits limits{options.max_batch, options.prefill_chunk, config.context_length};
  return std::make_unique<RolloutEngine>(std::move(transformer), limits, options.kv_memory_bytes, std::move(stats));
}

}  // namespace

Napi::Value load_policy(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guard_promise(env, [&]() -> Napi::Value {
    const auto config = std::make_shared<const ModelConfig>(read_model_config(info[0]));
    CheckpointTable table = read_checkpoint_table(info[0]);
    require(read_value_head(info[0]).empty(), ErrorCode::INVALID_ARGUMENT,
            "Expected a language model, received a checkpoint with a value head: it is a reward model");
    const LoadOptions options = read_options(info[1]);
    const std::shared_ptr<DeviceThread::Queue> queue = DeviceThread::of(env).queue();
    return DeviceThread::of(env).run(env, [config, table = std::move(table), options, queue]() -> MakeValue {
      auto pool = std::make_unique<ThreadPool>(options.threads);
      const ThreadPool::Use use(*pool);
      auto shared_stats = std::make_shared<EngineStats>();
      auto engine = load_engine(*config, table, options, shared_stats);
      auto loop = std::make_shared<PolicyLoop>(std::move(engine), std::move(pool));
      queue->add_loop(loop);
      auto handle = std::make_shared<PolicyHandle>(queue, loop, shared_stats);
      return [handle, config](Napi::Env inner) -> Napi::Value { return policy_object(inner, handle, config); };
    });
  });
}

}  // namespace erprm
