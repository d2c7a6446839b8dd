#include "model/transformer.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"
#include "core/parallel.h"
#include "kernels/kernel_table.h"
#include "model/shared_prefix_attention.h"
#include "model/weights.h"

namespace erprm {
namespace {

constexpr char kEmbedding[] = "model.embed_tokens.weight";

// Cosines and sines of every row's angles, f32 [R, D/2], times rope_scale.
void fill_angles(const ModelConfig& config, const ForwardBatch& batch, float* cosines, float* sines) {
  const int half = config.head_size / 2;
  for (size_t r = 0; r < batch.rows.size(); ++r) {
    for (int i = 0; i < half; ++i) {
      // The angle is rounded to f32 before the cosine is taken, as the reference implementations do.
      const float angle = static_cast<float>(batch.rows[r].position) * config.rope_inverse_frequencies[i];
      cosines[r * half + i] = static_cast<float>(std::cos(static_cast<double>(angle))) * config.rope_scale;
      sines[r * half + i] = static_cast<float>(std::sin(static_cast<double>(angle))) * config.rope_scale;
    }
  }
}

// The rows `kept` (ascending) of a batch, in their groups.
ForwardBatch only_rows(const ForwardBatch& batch, const std::vector<int32_t>& kept) {
  ForwardBatch result;
  size_t group = 1;
  for (const int32_t row : kept) {
    for (; row >= batch.groups[group]; ++group) result.end_group();
    result.rows.push_back(batch.rows[row]);
  }
  result.end_group();
  return result;
}

// Moves the rows `kept` (ascending) of a matrix to its front.
void move_to_front(const std::vector<int32_t>& kept, at::Tensor& matrix) {
  const int64_t width = matrix.size(1);
  float* data = matrix.data_ptr<float>();
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] != static_cast<int32_t>(i)) {
      std::copy_n(data + kept[i] * width, width, data + static_cast<int64_t>(i) * width);
    }
  }
}

std::vector<int32_t> ascending(std::vector<int32_t> rows) {
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

}  // namespace

Transformer::Transformer(ModelConfig config, std::shared_ptr<const Checkpoint> checkpoint, WeightType type,
                         OutputMatrix output_matrix)
    : config_(std::move(config)), checkpoint_(std::move(checkpoint)), weight_type_(type) {
  check_heads(config_);
  const WeightReader read(*checkpoint_, type);
  const int64_t hidden = config_.hidden_size, feed_forward = config_.intermediate_size;
  const int64_t query_width = int64_t{config_.num_heads} * config_.head_size;
  const int64_t key_width = int64_t{config_.num_kv_heads} * config_.head_size;
  checkpoint_->require_shape(kEmbedding, {config_.vocabulary_size, hidden});
  for (int l = 0; l < config_.num_layers; ++l) {
    const std::string base = concat("model.layers.", l, "."), attention = base + "self_attn.", mlp = base + "mlp.";
    Layer layer;
    layer.attention_norm = read.vector(base + "input_layernorm.weight", hidden);
    layer.feed_forward_norm = read.vector(base + "post_attention_layernorm.weight", hidden);
    if (config_.query_key_norm) {
      layer.query_norm = read.vector(attention + "q_norm.weight", config_.head_size);
      layer.key_norm = read.vector(attention + "k_norm.weight", config_.head_size);
    }
    layer.query_key_value = read.linear(
        {{attention + "q_proj", query_width}, {attention + "k_proj", key_width}, {attention + "v_proj", key_width}},
        hidden, config_.attention_bias);
    layer.attention_output = read.linear({{attention + "o_proj", hidden}}, query_width, config_.attention_output_bias);
    layer.gate_up = read.linear({{mlp + "gate_proj", feed_forward}, {mlp + "up_proj", feed_forward}}, hidden,
                                config_.feed_forward_bias);
    layer.down = read.linear({{mlp + "down_proj", hidden}}, feed_forward, config_.feed_forward_bias);
    layers_.push_back(std::move(layer));
  }
  final_norm_ = read.vector("model.norm.weight", hidden);
  if (output_matrix == OutputMatrix::kAbsent) return;
  head_ = read.linear({{config_.tied_embeddings ? "model.embed_tokens" : "lm_head", config_.vocabulary_size}}, hidden,
                      false);
}

void Transformer::embed(const ForwardBatch& batch, float* x) const {
  const int64_t width = padded(config_.hidden_size);
  parallel_for(0, static_cast<int64_t>(batch.rows.size()), 64, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      float* row = x + r * width;
      const int32_t token = batch.rows[r].token;
      checkpoint_->read_rows(kEmbedding, token, token + 1, row);
      for (int i = 0; i < config_.hidden_size; ++i) {
        if (!std::isfinite(row[i])) {
          throw Error(ErrorCode::INVALID_CHECKPOINT,
                      concat("Expected tensor ", kEmbedding, " to hold finite numbers, received ", row[i], " at row ",
                             token, ", column ", i),
                      {{"tensor", kEmbedding}, {"row", token}, {"column", i}});
        }
      }
      for (int64_t i = config_.hidden_size; i < width; ++i) row[i] = 0.0f;
    }
  });
}

// Per-head norms, rotation, scaling of queries, and storage of keys and values.
//   qkv f32 [R, (H + 2G) D]
void Transformer::prepare_heads(const ForwardBatch& batch, const KvBlockPool& pool, int layer,
                                const at::Tensor& cosines, const at::Tensor& sines, at::Tensor& qkv) const {
  const KernelTable& kernels = kernel_table();
  const Layer& weights = layers_[layer];
  const int head_size = config_.head_size, half = head_size / 2;
  const int num_heads = config_.num_heads, num_kv_heads = config_.num_kv_heads;
  const int64_t width = qkv.size(1);
  float* data = qkv.data_ptr<float>();
  const float* c = cosines.data_ptr<float>();
  const float* s = sines.data_ptr<float>();
  const float query_scale = 1.0f / std::sqrt(static_cast<float>(head_size));
  parallel_for(0, static_cast<int64_t>(batch.rows.size()), 8, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      float* queries = data + r * width;
      float* keys = queries + static_cast<int64_t>(num_heads) * head_size;
      const float* values = keys + static_cast<int64_t>(num_kv_heads) * head_size;
      if (config_.query_key_norm) {
        kernels.rms_norm(queries, head_size, num_heads, head_size, weights.query_norm.data_ptr<float>(),
                         config_.norm_epsilon, queries, head_size);
        kernels.rms_norm(keys, head_size, num_kv_heads, head_size, weights.key_norm.data_ptr<float>(),
                         config_.norm_epsilon, keys, head_size);
      }
      for (int h = 0; h < num_heads; ++h) {
        kernels.rotate(queries + h * head_size, head_size, c + r * half, s + r * half, query_scale);
      }
      const ForwardRow& row = batch.rows[r];
      for (int g = 0; g < num_kv_heads; ++g) {
        kernels.rotate(keys + g * head_size, head_size, c + r * half, s + r * half, 1.0f);
        pool.write(row.write_block, layer, g, row.write_slot, keys + g * head_size, values + g * head_size);
      }
    }
  });
}

at::Tensor Transformer::forward(const ForwardBatch& batch, const KvBlockPool& pool) const {
  const KernelTable& kernels = kernel_table();
  int64_t num_rows = static_cast<int64_t>(batch.rows.size());
  const int64_t hidden = padded(config_.hidden_size), feed_forward = padded(config_.intermediate_size);
  const int64_t attention_width = int64_t{config_.num_heads} * config_.head_size;
  const auto norm = [&](const float* x, const at::Tensor& weight, float* out, int64_t count) {
    parallel_for(0, count, 16, [&](int64_t begin, int64_t end) {
      kernels.rms_norm(x + begin * hidden, hidden, static_cast<int>(end - begin), config_.hidden_size,
                       weight.data_ptr<float>(), config_.norm_epsilon, out + begin * hidden, hidden);
    });
  };

  at::Tensor residual = at::empty({num_rows, hidden}, at::kFloat);  // [R, C]
  at::Tensor normed = at::empty({num_rows, hidden}, at::kFloat);    // [R, C]
  at::Tensor qkv = at::empty({num_rows, layers_[0].query_key_value.padded_outputs()}, at::kFloat);
  at::Tensor attended = at::empty({num_rows, attention_width}, at::kFloat);  // [R, H D]
  at::Tensor gate_up = at::empty({num_rows, 2 * feed_forward}, at::kFloat);
  at::Tensor activated = at::empty({num_rows, feed_forward}, at::kFloat);
  at::Tensor cosines = at::empty({num_rows, config_.head_size / 2}, at::kFloat);
  at::Tensor sines = at::empty({num_rows, config_.head_size / 2}, at::kFloat);
  float* x = residual.data_ptr<float>();
  float* h = normed.data_ptr<float>();
  fill_angles(config_, batch, cosines.data_ptr<float>(), sines.data_ptr<float>());
  embed(batch, x);
  const std::vector<int32_t> kept = ascending(batch.outputs);
  const ForwardBatch wanted = only_rows(batch, kept);
  for (int l = 0; l < config_.num_layers; ++l) {
    const Layer& layer = layers_[l];
    norm(x, layer.attention_norm, h, num_rows);
    layer.query_key_value.forward(h, hidden, num_rows, qkv.data_ptr<float>(), qkv.size(1), false);
    prepare_heads(batch, pool, l, cosines, sines, qkv);
    const bool is_last = l + 1 == config_.num_layers;
    if (is_last) {
      // All rows have left their keys and values; what else the last layer computes only the wanted ones need.
      move_to_front(kept, residual);
      move_to_front(kept, qkv);
      num_rows = static_cast<int64_t>(kept.size());
    }
    shared_prefix_attention(config_, pool, is_last ? wanted : batch, l, qkv.data_ptr<float>(), qkv.size(1),
                            attended.data_ptr<float>(), attention_width);
    layer.attention_output.forward(attended.data_ptr<float>(), attention_width, num_rows, x, hidden, true);
    norm(x, layer.feed_forward_norm, h, num_rows);
    layer.gate_up.forward(h, hidden, num_rows, gate_up.data_ptr<float>(), 2 * feed_forward, false);
    parallel_for(0, num_rows, 4, [&](int64_t begin, int64_t end) {
      kernels.swiglu(gate_up.data_ptr<float>() + begin * 2 * feed_forward, 2 * feed_forward,
                     static_cast<int>(end - begin), static_cast<int>(feed_forward),
                     activated.data_ptr<float>() + begin * feed_forward, feed_forward);
    });
    layer.down.forward(activated.data_ptr<float>(), feed_forward, num_rows, x, hidden, true);
  }
  const int64_t num_outputs = static_cast<int64_t>(batch.outputs.size());
  at::Tensor result = at::empty({num_outputs, hidden}, at::kFloat);
  for (int64_t i = 0; i < num_outputs; ++i) {
    const int64_t row = std::lower_bound(kept.begin(), kept.end(), batch.outputs[i]) - kept.begin();
    norm(x + row * hidden, final_norm_, result.data_ptr<float>() + i * hidden, 1);
  }
  return result;
}

KeyValueType Transformer::key_value_type() const {
  const bool halves = weight_type_ == WeightType::kInt8 && kernel_table().attend_bf16 != nullptr;
  return halves && config_.head_size <= kTiledHeadSize ? KeyValueType::kBf16 : KeyValueType::kF32;
}

void Transformer::logits(const at::Tensor& hidden, float* out) const {
  head_.forward(hidden.data_ptr<float>(), hidden.size(1), hidden.size(0), out, logit_width(), false);
}

}  // namespace erprm
