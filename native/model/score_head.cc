#include "model/score_head.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/error.h"
#include "core/parallel.h"
#include "kernels/kernel_table.h"
#include "model/weights.h"

namespace erprm {

ScoreHead ScoreHead::candidates(const ModelConfig& config, const Checkpoint& checkpoint,
                                std::span<const int32_t> tokens) {
  for (const int32_t token : tokens) {
    require(token >= 0 && token < config.vocabulary_size, ErrorCode::INVALID_ARGUMENT,
            "Expected candidates to be tokens from 0 to ", config.vocabulary_size - 1, ", received ", token);
  }
  const std::string name = concat(config.tied_embeddings ? "model.embed_tokens" : "lm_head", ".weight");
  checkpoint.require_shape(name, {config.vocabulary_size, config.hidden_size});
  const int64_t rows = static_cast<int64_t>(tokens.size());
  const auto read_row = [&](int64_t row, float* out) { checkpoint.read_rows(name, tokens[row], tokens[row] + 1, out); };
  ScoreHead head;
  head.num_outputs_ = rows;
  head.layers_.emplace_back(std::vector<LinearSource>{{name, rows, padded(rows), read_row}}, config.hidden_size,
                            WeightType::kF32);
  return head;
}

ScoreHead ScoreHead::value_head(const ModelConfig& config, const Checkpoint& checkpoint,
                                const std::vector<ValueHeadLayer>& layers) {
  const WeightReader read(checkpoint, WeightType::kF32);
  ScoreHead head;
  int64_t inputs = config.hidden_size;
  for (const ValueHeadLayer& layer : layers) {
    head.layers_.push_back(read.linear({{layer.name, layer.outputs}}, inputs, layer.bias));
    inputs = layer.outputs;
  }
  head.num_outputs_ = inputs;
  return head;
}

void ScoreHead::forward(const at::Tensor& hidden, float* out) const {
  const int64_t rows = hidden.size(0);
  at::Tensor x = hidden;
  for (size_t l = 0; l < layers_.size(); ++l) {
    at::Tensor y = at::empty({rows, layers_[l].padded_outputs()}, at::kFloat);
    layers_[l].forward(x.data_ptr<float>(), x.size(1), rows, y.data_ptr<float>(), y.size(1), false);
    if (l + 1 < layers_.size()) {
      float* values = y.data_ptr<float>();
      parallel_for(0, y.numel(), 4096, [values](int64_t begin, int64_t end) {
        // The product keeps what is not finite visible: a plain maximum would make 0 of -infinity.
        for (int64_t i = begin; i < end; ++i) values[i] = values[i] > 0 ? values[i] : values[i] * 0.0f;
      });
    }
    x = std::move(y);
  }
  const float* result = x.data_ptr<float>();
  for (int64_t r = 0; r < rows; ++r) {
    std::copy(result + r * x.size(1), result + r * x.size(1) + num_outputs_, out + r * num_outputs_);
  }
}

}  // namespace erprm
