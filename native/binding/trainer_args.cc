#include "binding/trainer_args.h"

#include <limits>

#include "binding/args.h"
#include "core/error.h"

namespace erprm {
namespace {

constexpr int kMost = 1 << 30;

double read_at_least(const Fields& fields, const char* key, double low) {
  const double number = fields.finite(key);
  require(number >= low, ErrorCode::INVALID_ARGUMENT, "Expected ", fields.path(key), " to be at least ", low,
          ", received ", number);
  return number;
}

LossKind read_loss(const Fields& fields) {
  const std::string name = fields.string("loss");
  if (name == "next-token") return LossKind::kNextToken;
  if (name == "two-way") return LossKind::kTwoWay;
  if (name == "binary") return LossKind::kBinary;
  if (name == "squared") return LossKind::kSquared;
  throw Error(ErrorCode::INVALID_ARGUMENT, concat("Expected ", fields.path("loss"),
                                                  " to be next-token, two-way, binary or squared, received ", name));
}

std::array<int32_t, 2> read_candidates(const Fields& fields, LossKind loss) {
  const auto candidates = fields.copy<int32_t>("candidates");
  const size_t wanted = loss == LossKind::kTwoWay ? 2 : 0;
  require(candidates.size() == wanted, ErrorCode::INVALID_ARGUMENT, "Expected ", fields.path("candidates"), " to have ",
          wanted, " entries, received ", candidates.size());
  if (wanted == 0) return {0, 0};
  require(candidates[0] != candidates[1], ErrorCode::INVALID_ARGUMENT, "Expected ", fields.path("candidates"),
          " to be two different tokens, received ", candidates[0], " twice");
  return {candidates[0], candidates[1]};
}

}  // namespace

TrainerSettings read_trainer_settings(Napi::Value value) {
  const Fields fields("options", value);
  TrainerSettings settings{};
  TrainerOptions& options = settings.options;
  options.device = choose_device(fields.path("device"), fields.string("device"));
  const std::string type = fields.string("computeType");
  require(type == "f32" || type == "bf16", ErrorCode::INVALID_ARGUMENT,
          "Expected options.computeType to be f32 or bf16, received ", type);
  require(type == "f32" || options.device.accelerated(), ErrorCode::INVALID_ARGUMENT,
          "Expected options.computeType to be f32 on the CPU, received bf16");
  options.compute_type = type == "f32" ? at::kFloat : at::kBFloat16;
  settings.threads = static_cast<int>(fields.integer("threads", 1, 1024));
  options.loss = read_loss(fields);
  options.candidates = read_candidates(fields, options.loss);
  options.lora_rank = static_cast<int>(fields.integer("loraRank", 0, kMost));
  options.lora_alpha = fields.finite("loraAlpha");
  const Napi::Array targets = fields.list("loraTargets");
  for (uint32_t i = 0; i < targets.Length(); ++i) {
    options.lora_targets.push_back(read_string(concat("options.loraTargets[", i, "]"), targets.Get(i)));
  }
  require(options.lora_rank == 0 || !options.lora_targets.empty(), ErrorCode::INVALID_ARGUMENT,
          "Expected options.loraTargets to name at least one linear layer, received none");
  options.gradient_checkpointing = fields.boolean("gradientCheckpointing");
  options.initialise = fields.boolean("initialise");
  options.initial_range = read_at_least(fields, "initialRange", 0);
  options.seed = fields.uint64("seed");
  return settings;
}

void expect_head_for(LossKind loss, const std::vector<ValueHeadLayer>& layers) {
  if (layers.empty()) return;
  require(loss == LossKind::kBinary || loss == LossKind::kSquared, ErrorCode::INVALID_CHECKPOINT,
          "Expected a language model for a loss that reads the output matrix, received a value head in its place");
  const ValueHeadLayer& layer = layers[0];
  require(layers.size() == 1 && layer.name == "score" && layer.outputs == 1, ErrorCode::INVALID_CHECKPOINT,
          "Expected a value head of one layer, score, with one output, received ", layers.size(), " layers, the first ",
          layer.name, " with ", layer.outputs, " outputs");
}

TrainingBatch read_training_batch(Napi::Value value) {
  const Fields fields("batch", value);
  return {fields.copy<int32_t>("values"), fields.copy<int32_t>("offsets"), fields.copy<int32_t>("positions"),
          fields.copy<int32_t>("tokens"), fields.copy<float>("labels"),    fields.copy<float>("weights")};
}

UpdateOptions read_update_options(Napi::Value value) {
  const Fields fields("options", value);
  UpdateOptions options{};
  options.update_index = fields.integer("updateIndex", 1, int64_t{1} << 53);
  options.learning_rate = read_at_least(fields, "learningRate", 0);
  options.beta1 = read_at_least(fields, "beta1", 0);
  options.beta2 = read_at_least(fields, "beta2", 0);
  require(options.beta1 < 1 && options.beta2 < 1, ErrorCode::INVALID_ARGUMENT,
          "Expected options.beta1 and options.beta2 to be below 1, received ", options.beta1, " and ", options.beta2);
  // As f32, which AdamW computes with: without it a gradient of zero would be divided by zero.
  options.epsilon = read_at_least(fields, "epsilon", std::numeric_limits<float>::min());
  options.weight_decay = read_at_least(fields, "weightDecay", 0);
  options.max_gradient_norm = read_at_least(fields, "maxGradientNorm", 0);
  return options;
}

std::vector<TensorSlot> read_tensor_slots(Napi::Value value) {
  const Napi::Array list = read_list("slots", value);
  std::vector<TensorSlot> slots;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Fields fields(concat("slots[", i, "]"), list.Get(i));
    const std::string type = fields.string("type");
    require(type == "F32" || type == "BF16" || type == "F16", ErrorCode::INVALID_ARGUMENT, "Expected ",
            fields.path("type"), " to be F32, BF16 or F16, received ", type);
    const StoredType stored = type == "F32" ? StoredType::kF32 : type == "BF16" ? StoredType::kBF16 : StoredType::kF16;
    slots.push_back({fields.string("name"), stored,
                     static_cast<uint64_t>(fields.integer("offset", 0, int64_t{1} << 53)), fields.boolean("merged")});
  }
  return slots;
}

}  // namespace erprm
