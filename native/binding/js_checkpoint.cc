#include "binding/js_checkpoint.h"

#include <optional>

#include "core/error.h"

namespace erprm {

ModelConfig read_model_config(Napi::Value checkpoint) {
  const Fields fields = Fields("checkpoint", checkpoint).object("config");
  constexpr int kMost = 1 << 30;
  const auto count = [&](const char* key) { return static_cast<int>(fields.integer(key, 1, kMost)); };
  ModelConfig config{};
  config.num_layers = count("numLayers");
  config.hidden_size = count("hiddenSize");
  config.intermediate_size = count("intermediateSize");
  config.num_heads = count("numHeads");
  config.num_kv_heads = count("numKvHeads");
  config.head_size = count("headSize");
  config.vocabulary_size = count("vocabularySize");
  config.context_length = count("contextLength");
  config.norm_epsilon = static_cast<float>(fields.finite("normEpsilon"));
  config.rope_inverse_frequencies = fields.copy<float>("ropeInverseFrequencies");
  require(config.rope_inverse_frequencies.size() == static_cast<size_t>(config.head_size) / 2,
          ErrorCode::INVALID_ARGUMENT, "Expected checkpoint.config.ropeInverseFrequencies to have ",
          config.head_size / 2, " entries, received ", config.rope_inverse_frequencies.size());
  config.rope_scale = static_cast<float>(fields.finite("ropeScale"));
  config.sliding_window = static_cast<int>(fields.integer("slidingWindow", 0, kMost));
  config.sliding_layers = fields.copy<uint8_t>("slidingLayers");
  require(config.sliding_layers.size() == static_cast<size_t>(config.num_layers), ErrorCode::INVALID_ARGUMENT,
          "Expected checkpoint.config.slidingLayers to have ", config.num_layers, " entries, received ",
          config.sliding_layers.size());
  config.tied_embeddings = fields.boolean("tiedEmbeddings");
  config.attention_bias = fields.boolean("attentionBias");
  config.attention_output_bias = fields.boolean("attentionOutputBias");
  config.feed_forward_bias = fields.boolean("feedForwardBias");
  config.query_key_norm = fields.boolean("queryKeyNorm");
  return config;
}

CheckpointTable read_checkpoint_table(Napi::Value checkpoint) {
  const Fields fields("checkpoint", checkpoint);
  CheckpointTable table;
  const Napi::Array files = fields.list("files");
  for (uint32_t i = 0; i < files.Length(); ++i) {
    table.files.push_back(read_string(concat("checkpoint.files[", i, "]"), files.Get(i)));
  }
  const Napi::Array tensors = fields.list("tensors");
  for (uint32_t i = 0; i < tensors.Length(); ++i) {
    const Fields entry(concat("checkpoint.tensors[", i, "]"), tensors.Get(i));
    TensorEntry tensor;
    tensor.name = entry.string("name");
    const std::string type = entry.string("type");
    const std::optional<TensorType> known = tensor_type_of(type);
    require(known.has_value(), ErrorCode::INVALID_ARGUMENT, "Expected ", entry.path("type"),
            " to be a tensor type this build reads, received ", type);
    tensor.type = *known;
    const Napi::Array shape = entry.list("shape");
    for (uint32_t d = 0; d < shape.Length(); ++d) {
      tensor.shape.push_back(read_integer(entry.path(concat("shape[", d, "]")), shape.Get(d), 0, int64_t{1} << 40));
    }
    tensor.file = static_cast<int>(entry.integer("file", 0, static_cast<int64_t>(table.files.size()) - 1));
    tensor.offset = static_cast<uint64_t>(entry.integer("offset", 0, int64_t{1} << 53));
    tensor.interleaved_heads = static_cast<int>(entry.integer("interleavedHeads", 0, 1 << 20));
    table.tensors.push_back(std::move(tensor));
  }
  return table;
}

std::vector<ValueHeadLayer> read_value_head(Napi::Value checkpoint) {
  const Napi::Array list = Fields("checkpoint", checkpoint).list("valueHead");
  std::vector<ValueHeadLayer> layers;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Fields layer(concat("checkpoint.valueHead[", i, "]"), list.Get(i));
    layers.push_back({layer.string("name"), layer.integer("outputs", 1, 1 << 30), layer.boolean("bias")});
  }
  return layers;
}

WeightType read_weight_type(const Fields& options) {
  const std::string weights = options.string("weights");
  require(weights == "f32" || weights == "int8", ErrorCode::INVALID_ARGUMENT, "Expected ", options.path("weights"),
          " to be f32 or int8, received ", weights);
  return weights == "int8" ? WeightType::kInt8 : WeightType::kF32;
}

}  // namespace erprm
