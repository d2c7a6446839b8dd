// ModelConfig: the architecture as numbers. src/model/ reads them from config.json or GGUF metadata; a difference
// between model families is a number or a flag here, never a branch on a name.
#pragma once

#include <cstdint>
#include <vector>

namespace erprm {

struct ModelConfig {
  int num_layers;
  int hidden_size;
  int intermediate_size;
  int num_heads;
  int num_kv_heads;
  int head_size;  // a multiple of 16
  int vocabulary_size;
  int context_length;
  float norm_epsilon;
  std::vector<float> rope_inverse_frequencies;  // [head_size / 2], radians a position
  float rope_scale;                             // factor on cosines and sines
  int sliding_window;                           // keys a query sees, its own included; 0 = all
  std::vector<uint8_t> sliding_layers;          // [num_layers]
  bool tied_embeddings;
  bool attention_bias;
  bool attention_output_bias;
  bool feed_forward_bias;
  bool query_key_norm;

  int heads_per_kv_head() const { return num_heads / num_kv_heads; }
};

// Throws INVALID_CHECKPOINT for a head size that the kernels do not take, or heads that cannot share the kv heads.
void check_heads(const ModelConfig& config);

}  // namespace erprm
