#include "train/network.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>

#include <array>

#include "ops/accelerated_training.h"

namespace erprm {

TrainingNetwork::TrainingNetwork(ModelConfig config, std::shared_ptr<const Parameters> parameters,
                                 at::ScalarType compute_type)
    : config_(std::move(config)),
      parameters_(std::move(parameters)),
      compute_type_(compute_type),
      angles_(std::make_unique<AngleTable>(config_, parameters_->embedding->value.device())) {}

std::shared_ptr<const PackedSequences> TrainingNetwork::pack(const PlacedBatch& batch) const {
  const AngleTable::Rows rows = angles_->rows(batch.own_positions, batch.offsets.longest);
  return std::make_shared<const PackedSequences>(PackedSequences{batch.offsets, rows.cosines, rows.sines});
}

at::Tensor TrainingNetwork::embed(const PlacedBatch& batch) const {
  const at::Tensor& weight = parameters_->embedding->value;
  const std::array<int64_t, 2> sizes{static_cast<int64_t>(batch.host.values.size()), weight.size(1)};
  if (batch.accelerated) {
    const at::Tensor x = at::empty(sizes, weight.options().dtype(compute_type_));
    accelerated::embedding_forward(batch.values, weight, x);
    return x;
  }
  const at::Tensor x = at::empty(sizes, weight.options());
  embedding_forward(batch.host.values, weight, x);
  return x.to(compute_type_);
}

void TrainingNetwork::embed_backward(const at::Tensor& gradient, const PlacedBatch& batch) const {
  const Parameter& embedding = *parameters_->embedding;
  if (!embedding.trained()) return;
  if (batch.accelerated) {
    accelerated::embedding_backward(gradient.contiguous(), batch.values, batch.value_places, embedding.gradient);
  } else {
    embedding_backward(gradient.to(at::kFloat).contiguous(), batch.host.values, embedding.gradient);
  }
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
