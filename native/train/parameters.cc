#include "train/parameters.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "train/random_weights.h"

namespace erprm {
namespace {

constexpr const char* kLinearNames[] = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};

bool ends_with_part(std::string_view name, std::string_view part) {
  return name.size() > part.size() && name.ends_with(part) && name[name.size() - part.size() - 1] == '.';
}

// f32 on the CPU, every number checked.
at::Tensor read_tensor(const Checkpoint& checkpoint, const std::string& name, const std::vector<int64_t>& shape) {
  checkpoint.require_shape(name, shape);
  const at::Tensor values = at::empty(shape, at::kFloat);
  float* data = values.data_ptr<float>();
  const int64_t width = shape.back(), rows = values.numel() / width;
  parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
    checkpoint.read_rows(name, begin, end, data + begin * width);
    for (int64_t i = begin * width; i < end * width; ++i) {
      if (!std::isfinite(data[i])) {
        throw Error(ErrorCode::INVALID_CHECKPOINT,
                    concat("Expected tensor ", name, " to hold finite numbers, received ", data[i], " at index ", i),
                    {{"tensor", name}, {"index", i}});
      }
    }
  });
  return values;
}

}  // namespace

Parameters::Parameters(const ModelConfig& config, const Checkpoint& checkpoint, const ParameterOptions& options)
    : options_(options) {
  for (const std::string& target : options.lora_targets) {
    const bool known = std::find(std::begin(kLinearNames), std::end(kLinearNames), target) != std::end(kLinearNames);
    require(known, ErrorCode::INVALID_ARGUMENT,
            "Expected loraTargets to be names of linear layers (q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, "
            "down_proj), received ",
            target);
  }
  const int64_t hidden = config.hidden_size, feed_forward = config.intermediate_size;
  const int64_t query_width = int64_t{config.num_heads} * config.head_size;
  const int64_t key_width = int64_t{config.num_kv_heads} * config.head_size;
  embedding = tensor(checkpoint, "model.embed_tokens.weight", {config.vocabulary_size, hidden});
  for (int l = 0; l < config.num_layers; ++l) {
    const std::string base = concat("model.layers.", l, "."), attention = base + "self_attn.", mlp = base + "mlp.";
    Layer layer;
    layer.attention_norm = tensor(checkpoint, base + "input_layernorm.weight", {hidden});
    layer.query = linear(checkpoint, attention + "q_proj", query_width, hidden, config.attention_bias);
    layer.key = linear(checkpoint, attention + "k_proj", key_width, hidden, config.attention_bias);
    layer.value = linear(checkpoint, attention + "v_proj", key_width, hidden, config.attention_bias);
    if (config.query_key_norm) {
      layer.query_norm = tensor(checkpoint, attention + "q_norm.weight", {config.head_size});
      layer.key_norm = tensor(checkpoint, attention + "k_norm.weight", {config.head_size});
    }
    layer.attention_output =
        linear(checkpoint, attention + "o_proj", hidden, query_width, config.attention_output_bias);
    layer.feed_forward_norm = tensor(checkpoint, base + "post_attention_layernorm.weight", {hidden});
    layer.gate = linear(checkpoint, mlp + "gate_proj", feed_forward, hidden, config.feed_forward_bias);
    layer.up = linear(checkpoint, mlp + "up_proj", feed_forward, hidden, config.feed_forward_bias);
    layer.down = linear(checkpoint, mlp + "down_proj", hidden, feed_forward, config.feed_forward_bias);
    layers.push_back(std::move(layer));
  }
  final_norm = tensor(checkpoint, "model.norm.weight", {hidden});
  if (options.has_value_head) {
    value_weight = value_head(checkpoint, "score.weight", {1, hidden});
    value_bias = value_head(checkpoint, "score.bias", {1});
  } else {
    output =
        config.tied_embeddings ? embedding : tensor(checkpoint, "lm_head.weight", {config.vocabulary_size, hidden});
    output->keep_factor(options.compute_type);
  }
}

ParameterPointer Parameters::add(const std::string& name, const at::Tensor& value, bool trained) {
  auto parameter = c10::make_intrusive<Parameter>(name, value.to(options_.device));
  if (trained) parameter->train();
  all_.push_back(parameter);
  by_name_.emplace(parameter->name, parameter);
  return parameter;
}

ParameterPointer Parameters::tensor(const Checkpoint& checkpoint, const std::string& name, std::vector<int64_t> shape) {
  const bool trained = options_.lora_rank == 0;
  if (!options_.initialise) return add(name, read_tensor(checkpoint, name, shape), trained);
  if (ends_with_part(name, "bias")) return add(name, at::zeros(shape, at::kFloat), trained);
  if (shape.size() == 1) return add(name, at::ones(shape, at::kFloat), trained);
  const at::Tensor value = at::empty(shape, at::kFloat);
  fill_normal(value, options_.seed, name, options_.initial_range);
  return add(name, value, trained);
}

// A language model has none yet: it begins small, so that every score begins near one half.
ParameterPointer Parameters::value_head(const Checkpoint& checkpoint, const std::string& name,
                                        std::vector<int64_t> shape) {
  const bool stored = !options_.initialise && checkpoint.find(name) != nullptr;
  if (stored) return add(name, read_tensor(checkpoint, name, shape), true);
  const at::Tensor value = at::zeros(shape, at::kFloat);
  if (shape.size() == 2) fill_normal(value, options_.seed, name, options_.initial_range);
  return add(name, value, true);
}

Linear Parameters::linear(const Checkpoint& checkpoint, const std::string& name, int64_t outputs, int64_t inputs,
                          bool bias) {
  Linear layer;
  layer.weight = tensor(checkpoint, name + ".weight", {outputs, inputs});
  layer.weight->keep_factor(options_.compute_type);
  if (bias) {
    layer.bias = tensor(checkpoint, name + ".bias", {outputs});
    layer.bias->keep_factor(options_.compute_type);
  }
  const bool adapted =
      options_.lora_rank > 0 && std::any_of(options_.lora_targets.begin(), options_.lora_targets.end(),
                                            [&](const std::string& target) { return ends_with_part(name, target); });
  if (!adapted) return layer;
  const int64_t rank = options_.lora_rank;
  auto adapter = std::make_shared<Adapter>();
  // As in the LoRA paper: A random, B zero, so that training begins at the model as it is.
  const at::Tensor a = at::empty({rank, inputs}, at::kFloat);
  fill_uniform(a, options_.seed, name + ".lora_A.weight", 1 / std::sqrt(static_cast<double>(inputs)));
  adapter->a = add(name + ".lora_A.weight", a, true);
  adapter->b = add(name + ".lora_B.weight", at::zeros({outputs, rank}, at::kFloat), true);
  adapter->a->keep_factor(options_.compute_type);
  adapter->b->keep_factor(options_.compute_type);
  adapter->scale = options_.lora_alpha / static_cast<double>(rank);
  adapters_.emplace(layer.weight->name, adapter);
  layer.adapter = std::move(adapter);
  return layer;
}

const ParameterPointer& Parameters::named(std::string_view name) const {
  const auto found = by_name_.find(name);
  require(found != by_name_.end(), ErrorCode::INVALID_ARGUMENT,
          "Expected the name of a tensor of the trainer, received ", name);
  return found->second;
}

const Adapter* Parameters::adapter_of(std::string_view weight_name) const {
  const auto found = adapters_.find(weight_name);
  return found == adapters_.end() ? nullptr : found->second.get();
}

}  // namespace erprm
