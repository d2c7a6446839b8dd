#include "model/accelerator_weights.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"

namespace erprm {
namespace {

// Numbers that are on their way at a time, as f32 on the host and on the device.
constexpr int64_t kChunkNumbers = int64_t{4} << 20;

class Reader {
 public:
  Reader(const Checkpoint& checkpoint, at::ScalarType type, const AcceleratorStream& stream)
      : checkpoint_(checkpoint), type_(type), stream_(stream) {}
  ~Reader() { stream_.free_host(std::move(staged_)); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  struct Part {
    std::string name;  // without ".weight" and ".bias"
    int64_t rows;
  };

  AcceleratorLinear linear(const std::vector<Part>& parts, int64_t inputs, bool bias) {
    int64_t outputs = 0;
    for (const Part& part : parts) outputs += part.rows;
    AcceleratorLinear linear{stream_.empty({outputs, inputs}, type_), {}};
    if (bias) linear.bias = stream_.empty({outputs}, type_);
    int64_t row = 0;
    for (const Part& part : parts) {
      checkpoint_.require_shape(part.name + ".weight", {part.rows, inputs});
      copy(part.name + ".weight", linear.weight.narrow(0, row, part.rows));
      if (bias) {
        checkpoint_.require_shape(part.name + ".bias", {part.rows});
        copy(part.name + ".bias", linear.bias.narrow(0, row, part.rows).unsqueeze(0));
      }
      row += part.rows;
    }
    return linear;
  }

  at::Tensor vector(const std::string& name, int64_t width) {
    checkpoint_.require_shape(name, {width});
    at::Tensor values = stream_.empty({width}, at::kFloat);
    copy(name, values.unsqueeze(0));
    return values;
  }

 private:
  // Fills out [rows, width] with the tensor.
  void copy(const std::string& name, const at::Tensor& out) {
    const int64_t rows = out.size(0), width = out.size(1);
    const int64_t most = std::clamp<int64_t>(kChunkNumbers / width, 1, rows);
    const at::Tensor staged = stage(most * width);  // f32 [most * width]
    float* numbers = staged.data_ptr<float>();
    for (int64_t begin = 0; begin < rows; begin += most) {
      const int64_t count = std::min(most, rows - begin);
      stream_.synchronize();  // the chunk before has left
      parallel_for(0, count, 8, [&](int64_t first, int64_t last) {
        for (int64_t r = first; r < last; ++r) read_row(name, begin + r, width, numbers + r * width);
      });
      out.narrow(0, begin, count).copy_(staged.narrow(0, 0, count * width).view({count, width}), true);
    }
    stream_.synchronize();
  }

  void read_row(const std::string& name, int64_t row, int64_t width, float* out) const {
    checkpoint_.read_rows(name, row, row + 1, out);
    for (int64_t i = 0; i < width; ++i) {
      if (std::isfinite(out[i])) continue;
      throw Error(ErrorCode::INVALID_CHECKPOINT,
                  concat("Expected tensor ", name, " to hold finite numbers, received ", out[i], " at row ", row,
                         ", column ", i),
                  {{"tensor", name}, {"row", row}, {"column", i}});
    }
  }

  at::Tensor stage(int64_t numbers) {
    if (!staged_.defined() || staged_.numel() < numbers) staged_ = stream_.host_empty({numbers}, at::kFloat);
    return staged_;
  }

  const Checkpoint& checkpoint_;
  const at::ScalarType type_;
  const AcceleratorStream& stream_;
  at::Tensor staged_;
};

}  // namespace

AcceleratorWeights load_accelerator_weights(const ModelConfig& config, const Checkpoint& checkpoint,
                                            at::ScalarType type, OutputMatrix output_matrix,
                                            const AcceleratorStream& stream) {
  check_heads(config);
  Reader read(checkpoint, type, stream);
  const int64_t hidden = config.hidden_size, feed_forward = config.intermediate_size;
  const int64_t query_width = int64_t{config.num_heads} * config.head_size;
  const int64_t key_width = int64_t{config.num_kv_heads} * config.head_size;
  AcceleratorWeights weights{};
  weights.type = type;
  weights.embedding = read.linear({{"model.embed_tokens", config.vocabulary_size}}, hidden, false).weight;
  for (int l = 0; l < config.num_layers; ++l) {
    const std::string base = concat("model.layers.", l, "."), attention = base + "self_attn.", mlp = base + "mlp.";
    AcceleratorLayer layer;
    layer.attention_norm = read.vector(base + "input_layernorm.weight", hidden);
    layer.feed_forward_norm = read.vector(base + "post_attention_layernorm.weight", hidden);
    if (config.query_key_norm) {
      layer.query_norm = read.vector(attention + "q_norm.weight", config.head_size);
      layer.key_norm = read.vector(attention + "k_norm.weight", config.head_size);
    }
    layer.query_key_value = read.linear(
        {{attention + "q_proj", query_width}, {attention + "k_proj", key_width}, {attention + "v_proj", key_width}},
        hidden, config.attention_bias);
    layer.attention_output = read.linear({{attention + "o_proj", hidden}}, query_width, config.attention_output_bias);
    layer.gate_up = read.linear({{mlp + "gate_proj", feed_forward}, {mlp + "up_proj", feed_forward}}, hidden,
                                config.feed_forward_bias);
    layer.down = read.linear({{mlp + "down_proj", hidden}}, feed_forward, config.feed_forward_bias);
    weights.layers.push_back(std::move(layer));
  }
  weights.final_norm = read.vector("model.norm.weight", hidden);
  if (output_matrix == OutputMatrix::kPacked) {
    weights.head = config.tied_embeddings ? weights.embedding
                                          : read.linear({{"lm_head", config.vocabulary_size}}, hidden, false).weight;
  }
  const at::Tensor frequencies = stream.host_empty({config.head_size / 2}, at::kFloat);
  std::copy(config.rope_inverse_frequencies.begin(), config.rope_inverse_frequencies.end(),
            frequencies.data_ptr<float>());
  weights.inverse_frequencies = stream.empty({config.head_size / 2}, at::kFloat);
  weights.inverse_frequencies.copy_(frequencies);
  return weights;
}

}  // namespace erprm
