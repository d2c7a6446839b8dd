#include "model/accelerator_transformer.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>

#include <utility>

#include "kernels/cuda_transformer.h"

namespace erprm {
namespace {

// out = x W^T + b
void multiply(const at::Tensor& x, const AcceleratorLinear& linear, at::Tensor out) {
  if (linear.bias.defined()) {
    at::addmm_out(out, linear.bias, x, linear.weight.t());
  } else {
    at::mm_out(out, x, linear.weight.t());
  }
}

int size(const at::Tensor& x, int64_t dimension) { return static_cast<int>(x.size(dimension)); }

const float* floats_or_null(const at::Tensor& x) { return x.defined() ? x.const_data_ptr<float>() : nullptr; }

}  // namespace

RowBuffers RowBuffers::first(int64_t rows) const {
  const auto part = [rows](const at::Tensor& x) { return x.narrow(0, 0, rows); };
  return {part(residual), part(cosines),   part(sines),   part(normed),   part(qkv),
          part(attended), part(projected), part(gate_up), part(activated)};
}

AcceleratorTransformer::AcceleratorTransformer(ModelConfig config, const Checkpoint& checkpoint, at::ScalarType type,
                                               OutputMatrix output_matrix, const AcceleratorStream& stream)
    : config_(std::move(config)),
      stream_(stream),
      weights_(load_accelerator_weights(config_, checkpoint, type, output_matrix, stream)) {}

RowBuffers AcceleratorTransformer::buffers(int64_t rows) const {
  const int64_t hidden = config_.hidden_size, feed_forward = config_.intermediate_size, half = config_.head_size / 2;
  const int64_t query_width = int64_t{config_.num_heads} * config_.head_size;
  const int64_t qkv_width = query_width + int64_t{2} * config_.num_kv_heads * config_.head_size;
  const auto make = [&](int64_t width, at::ScalarType type) { return stream_.empty({rows, width}, type); };
  return {make(hidden, at::kFloat), make(half, at::kFloat),         make(half, at::kFloat),
          make(hidden, type()),     make(qkv_width, type()),        make(query_width, type()),
          make(hidden, type()),     make(2 * feed_forward, type()), make(feed_forward, type())};
}

int64_t AcceleratorTransformer::row_bytes() const {
  const int64_t heads = int64_t{2} * (config_.num_heads + config_.num_kv_heads) * config_.head_size;
  const int64_t elements = int64_t{2} * config_.hidden_size + int64_t{3} * config_.intermediate_size + heads;
  return int64_t{4} * (config_.hidden_size + config_.head_size) +
         static_cast<int64_t>(c10::elementSize(type())) * elements;
}

void AcceleratorTransformer::embed(const int32_t* tokens, const int32_t* positions, const RowBuffers& rows) const {
  const cuda::EmbedRows args{tokens,
                             positions,
                             weights_.embedding.const_data_ptr(),
                             weights_.inverse_frequencies.const_data_ptr<float>(),
                             config_.rope_scale,
                             rows.residual.data_ptr<float>(),
                             rows.cosines.data_ptr<float>(),
                             rows.sines.data_ptr<float>(),
                             size(rows.residual, 0),
                             config_.hidden_size,
                             config_.head_size};
  check_launch(cuda::embed_rows(args, element(), current_stream()), "embed_rows",
               {&weights_.embedding, &rows.residual});
}

// residual += delta; normed = rms_norm(residual)
void AcceleratorTransformer::add_norm(const RowBuffers& rows, const at::Tensor& delta, const at::Tensor& weight) const {
  const cuda::AddRmsNorm args{rows.residual.data_ptr<float>(),
                              delta.defined() ? delta.const_data_ptr() : nullptr,
                              weight.const_data_ptr<float>(),
                              config_.norm_epsilon,
                              rows.normed.data_ptr(),
                              size(rows.residual, 0),
                              config_.hidden_size};
  check_launch(cuda::add_rms_norm(args, element(), current_stream()), "add_rms_norm", {&rows.residual});
}

void AcceleratorTransformer::prepare_heads(int layer, const RowBuffers& rows, const KeyValueRows& key_values,
                                           float query_scale) const {
  const AcceleratorLayer& weights = weights_.layers[layer];
  const int64_t layer_bytes = key_values.layer_stride * static_cast<int64_t>(c10::elementSize(type())) * layer;
  const cuda::PrepareHeads args{rows.qkv.data_ptr(),
                                rows.qkv.stride(0),
                                floats_or_null(weights.query_norm),
                                floats_or_null(weights.key_norm),
                                config_.norm_epsilon,
                                rows.cosines.const_data_ptr<float>(),
                                rows.sines.const_data_ptr<float>(),
                                query_scale,
                                key_values.places,
                                layer_bytes,
                                size(rows.qkv, 0),
                                config_.num_heads,
                                config_.num_kv_heads,
                                config_.head_size};
  check_launch(cuda::prepare_heads(args, element(), current_stream()), "prepare_heads", {&rows.qkv});
}

at::Tensor AcceleratorTransformer::layers(const RowBuffers& all_rows, const KeyValueRows& key_values, float query_scale,
                                          const Attend& attend, const at::Tensor& wanted) const {
  RowBuffers rows = all_rows;
  at::Tensor delta;
  for (int l = 0; l < config_.num_layers; ++l) {
    const AcceleratorLayer& layer = weights_.layers[l];
    add_norm(rows, delta, layer.attention_norm);
    multiply(rows.normed, layer.query_key_value, rows.qkv);
    prepare_heads(l, rows, key_values, query_scale);
    attend(l, rows.qkv, rows.attended);
    if (l + 1 == config_.num_layers && wanted.defined()) {
      // All rows have left their keys and values; what else the last layer computes only the wanted ones need.
      const at::Tensor residual = rows.residual.index_select(0, wanted),
                       attended = rows.attended.index_select(0, wanted);
      rows = rows.num_rows() < wanted.numel() ? buffers(wanted.numel()) : rows.first(wanted.numel());
      rows.residual = residual;
      rows.attended = attended;
    }
    multiply(rows.attended, layer.attention_output, rows.projected);
    add_norm(rows, rows.projected, layer.feed_forward_norm);
    multiply(rows.normed, layer.gate_up, rows.gate_up);
    const cuda::SwiGlu swiglu{rows.gate_up.const_data_ptr(), rows.activated.data_ptr(), size(rows.gate_up, 0),
                              config_.intermediate_size};
    check_launch(cuda::swiglu(swiglu, element(), current_stream()), "swiglu", {&rows.gate_up, &rows.activated});
    multiply(rows.activated, layer.down, rows.projected);
    delta = rows.projected;
  }
  add_norm(rows, delta, weights_.final_norm);
  return rows.normed;
}

void AcceleratorTransformer::logits(const at::Tensor& hidden, const at::Tensor& out) const {
  at::Tensor result = out;
  if (type() == at::kFloat) {
    at::mm_out(result, hidden, weights_.head.t());
  } else if (stream_.emulated()) {
    // Only CUDA multiplies bf16 into f32.
    at::mm_out(result, hidden.to(at::kFloat), weights_.head.to(at::kFloat).t());
  } else {
    at::mm_out(result, hidden, weights_.head.t(), at::kFloat);
  }
}

}  // namespace erprm
