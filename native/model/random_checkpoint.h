// For tests: a checkpoint of random weights in a temporary file, for a model of any shape.
#pragma once

#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "model/checkpoint.h"
#include "model/config.h"

namespace erprm::testing {

// Four heads on two kv heads of 16, every second layer with a sliding window.
inline ModelConfig random_config() {
  ModelConfig config{};
  config.num_layers = 3;
  config.hidden_size = 48;
  config.intermediate_size = 80;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_size = 16;
  config.vocabulary_size = 97;
  config.context_length = 300;
  config.norm_epsilon = 1e-5f;
  for (int i = 0; i < config.head_size / 2; ++i) {
    config.rope_inverse_frequencies.push_back(std::pow(10000.0f, -2.0f * i / config.head_size));
  }
  config.rope_scale = 1;
  config.sliding_window = 40;
  config.sliding_layers = {0, 1, 0};
  return config;
}

class RandomCheckpoint {
 public:
  // `rounded`: numbers that bf16 holds exactly.
  explicit RandomCheckpoint(const ModelConfig& config, uint32_t seed = 1, bool rounded = false)
      : bits_(seed), rounded_(rounded) {
    char name[] = "/tmp/erprm-random-XXXXXX";
    close(mkstemp(name));
    path_ = name;
    const int64_t hidden = config.hidden_size, wide = config.intermediate_size, vocabulary = config.vocabulary_size;
    const int64_t queries = int64_t{config.num_heads} * config.head_size;
    const int64_t keys = int64_t{config.num_kv_heads} * config.head_size;
    matrix("model.embed_tokens", vocabulary, hidden, false, 0.75f);
    for (int l = 0; l < config.num_layers; ++l) {
      const std::string base = "model.layers." + std::to_string(l) + ".";
      vector(base + "input_layernorm.weight", hidden, 1.0f);
      vector(base + "post_attention_layernorm.weight", hidden, 1.0f);
      if (config.query_key_norm) {
        vector(base + "self_attn.q_norm.weight", config.head_size, 1.0f);
        vector(base + "self_attn.k_norm.weight", config.head_size, 1.0f);
      }
      matrix(base + "self_attn.q_proj", queries, hidden, config.attention_bias);
      matrix(base + "self_attn.k_proj", keys, hidden, config.attention_bias);
      matrix(base + "self_attn.v_proj", keys, hidden, config.attention_bias);
      matrix(base + "self_attn.o_proj", hidden, queries, config.attention_output_bias);
      matrix(base + "mlp.gate_proj", wide, hidden, config.feed_forward_bias);
      matrix(base + "mlp.up_proj", wide, hidden, config.feed_forward_bias);
      matrix(base + "mlp.down_proj", hidden, wide, config.feed_forward_bias);
    }
    vector("model.norm.weight", hidden, 1.0f);
    if (!config.tied_embeddings) matrix("lm_head", vocabulary, hidden, false, 0.75f);
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(numbers_.data()), static_cast<int64_t>(numbers_.size() * sizeof(float)));
    checkpoint_ = std::make_shared<const Checkpoint>(std::vector<std::string>{path_}, entries_);
  }
  ~RandomCheckpoint() { std::remove(path_.c_str()); }
  RandomCheckpoint(const RandomCheckpoint&) = delete;
  RandomCheckpoint& operator=(const RandomCheckpoint&) = delete;

  const std::shared_ptr<const Checkpoint>& get() const { return checkpoint_; }

 private:
  void add(const std::string& name, std::vector<int64_t> shape, float center, float range) {
    const uint64_t offset = numbers_.size() * sizeof(float);
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    for (int64_t i = 0; i < count; ++i) {
      const float number = center + range * (static_cast<float>(bits_() >> 8) / (1 << 23) - 1);
      // A mask, not a condition around the rounding: g++ 12 takes that for no rounding.
      const uint32_t mask = rounded_ ? 0xFFFF0000u : 0xFFFFFFFFu;
      numbers_.push_back(std::bit_cast<float>(std::bit_cast<uint32_t>(number) & mask));
    }
    entries_.push_back({name, TensorType::kF32, std::move(shape), 0, offset, 0});
  }
  void vector(const std::string& name, int64_t width, float center) { add(name, {width}, center, 0.25f); }
  // Ranges that give attention which is neither flat nor one-hot, and logits a few units apart.
  void matrix(const std::string& name, int64_t outputs, int64_t inputs, bool bias, float range = 0) {
    add(name + ".weight", {outputs, inputs}, 0, range > 0 ? range : 3 / std::sqrt(static_cast<float>(inputs)));
    if (bias) vector(name + ".bias", outputs, 0);
  }

  std::mt19937 bits_;
  const bool rounded_;
  std::string path_;
  std::vector<float> numbers_;
  std::vector<TensorEntry> entries_;
  std::shared_ptr<const Checkpoint> checkpoint_;
};

}  // namespace erprm::testing
