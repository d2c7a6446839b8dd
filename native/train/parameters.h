// Parameters: every tensor of a model under training, by its Hugging Face name, in the order of the network.
//
// What exists depends on what is trained towards: a loss over the vocabulary has the output matrix (the embedding,
// where the two are tied), a loss on the value head has score.weight [1, C] and score.bias [1] instead. Thread: device
// thread only.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/checkpoint.h"
#include "model/config.h"
#include "train/parameter.h"

namespace erprm {

struct ParameterOptions {
  bool has_value_head;
  // 0 = all parameters are trained; otherwise the adapters of this rank, and the value head.
  int lora_rank;
  double lora_alpha;
  std::vector<std::string> lora_targets;  // "q_proj", ...
  bool initialise;                        // draw all weights instead of reading them
  double initial_range;
  uint64_t seed;
  at::Device device;
  at::ScalarType compute_type;  // of the factors of products
};

class Parameters {
 public:
  struct Layer {
    ParameterPointer attention_norm, feed_forward_norm;          // [C]
    ParameterPointer query_norm, key_norm;                       // [D], null without
    Linear query, key, value, attention_output, gate, up, down;  // [H D, C], [G D, C], ..., [F, C], [C, F]
  };

  // Throws INVALID_CHECKPOINT (missing, misshapen or non-finite tensor), INVALID_ARGUMENT (no such lora target),
  // OUT_OF_MEMORY.
  Parameters(const ModelConfig& config, const Checkpoint& checkpoint, const ParameterOptions& options);

  ParameterPointer embedding;  // [V, C]
  std::vector<Layer> layers;
  ParameterPointer final_norm;  // [C]
  // [V, C], the embedding itself when tied; null with a value head.
  ParameterPointer output;
  // score.weight [1, C] and score.bias [1]; null without a value head.
  ParameterPointer value_weight, value_bias;

  // In the order of the network, adapters behind their layers.
  const std::vector<ParameterPointer>& all() const { return all_; }
  // Throws INVALID_ARGUMENT when there is none of that name.
  const ParameterPointer& named(std::string_view name) const;
  // The adapter of the linear layer whose weight has this name; null when it has none.
  const Adapter* adapter_of(std::string_view weight_name) const;

 private:
  ParameterPointer add(const std::string& name, const at::Tensor& value, bool trained);
  ParameterPointer tensor(const Checkpoint& checkpoint, const std::string& name, std::vector<int64_t> shape);
  ParameterPointer value_head(const Checkpoint& checkpoint, const std::string& name, std::vector<int64_t> shape);
  Linear linear(const Checkpoint& checkpoint, const std::string& name, int64_t outputs, int64_t inputs, bool bias);

  const ParameterOptions options_;
  std::vector<ParameterPointer> all_;
  std::unordered_map<std::string_view, ParameterPointer> by_name_;
  std::unordered_map<std::string_view, std::shared_ptr<const Adapter>> adapters_;
};

}  // namespace erprm
