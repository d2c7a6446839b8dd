#include "train/network.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>

#include <cmath>

namespace erprm {

std::shared_ptr<const PackedSequences> TrainingNetwork::pack(std::vector<int32_t> offsets) const {
  auto packed = std::make_shared<PackedSequences>();
  const int half = config_.head_size / 2;
  packed->cosines = at::empty({offsets.back(), half}, at::kFloat);
  packed->sines = at::empty({offsets.back(), half}, at::kFloat);
  float* cosines = packed->cosines.data_ptr<float>();
  float* sines = packed->sines.data_ptr<float>();
  for (size_t s = 0; s + 1 < offsets.size(); ++s) {
    for (int32_t t = offsets[s]; t < offsets[s + 1]; ++t) {
      for (int i = 0; i < half; ++i) {
        // The angle is rounded to f32 before the cosine is taken, as in model/transformer.cc.
        const float angle = static_cast<float>(t - offsets[s]) * config_.rope_inverse_frequencies[i];
        cosines[int64_t{t} * half + i] = static_cast<float>(std::cos(static_cast<double>(angle))) * config_.rope_scale;
        sines[int64_t{t} * half + i] = static_cast<float>(std::sin(static_cast<double>(angle))) * config_.rope_scale;
      }
    }
  }
  const at::Device device = parameters_->embedding->value.device();
  packed->cosines = packed->cosines.to(device);
  packed->sines = packed->sines.to(device);
  packed->offsets = std::move(offsets);
  return packed;
}

at::Tensor TrainingNetwork::embed(std::span<const int32_t> tokens) const {
  const at::Tensor& weight = parameters_->embedding->value;
  const at::Tensor x = at::empty({static_cast<int64_t>(tokens.size()), weight.size(1)}, weight.options());
  embedding_forward(tokens, weight, x);
  return x.to(compute_type_);
}

void TrainingNetwork::embed_backward(const at::Tensor& gradient, std::span<const int32_t> tokens) const {
  const Parameter& embedding = *parameters_->embedding;
  if (embedding.trained()) embedding_backward(gradient.to(at::kFloat).contiguous(), tokens, embedding.gradient);
}

at::Tensor TrainingNetwork::layer(int index, const at::Tensor& x,
                                  const std::shared_ptr<const PackedSequences>& sequences,
                                  const at::Tensor& positions) const {
  const Parameters::Layer& weights = parameters_->layers[index];
  const double epsilon = config_.norm_epsilon;
  const AttentionShape shape{config_.num_heads, config_.num_kv_heads, config_.head_size,
                             config_.sliding_layers[index] != 0 ? config_.sliding_window : 0};
  // Each head's part of q or k [T, heads * D] normalised by itself.
  const auto norm_heads = [&](const at::Tensor& heads, const ParameterPointer& weight) {
    return rms_norm(heads.view({-1, config_.head_size}), weight, epsilon).view(heads.sizes());
  };
  std::vector<at::Tensor> qkv =
      normed_linears(x, weights.attention_norm, epsilon, {&weights.query, &weights.key, &weights.value});
  if (config_.query_key_norm) {
    qkv[0] = norm_heads(qkv[0], weights.query_norm);
    qkv[1] = norm_heads(qkv[1], weights.key_norm);
  }
  const at::Tensor attended = rotated_attention(qkv[0], qkv[1], qkv[2], sequences, shape);  // [T, H D]
  const bool last = index + 1 == num_layers();
  at::Tensor middle = add_linear(x, attended, weights.attention_output);  // [T, C], of the last layer [P, C]
  if (last) middle = at::index_select(middle, 0, positions);
  const std::vector<at::Tensor> gate_up =
      normed_linears(middle, weights.feed_forward_norm, epsilon, {&weights.gate, &weights.up});
  const at::Tensor out = add_swiglu_linear(middle, gate_up[0], gate_up[1], weights.down);
  return last ? rms_norm(out, parameters_->final_norm, epsilon) : out;
}

}  // namespace erprm
