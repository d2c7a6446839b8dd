// Transformer: the decoder of the Llama, Mistral, Qwen2 and Qwen3 families, over rows of many sequences at once.
//
//   x = embed(token)
//   per layer:  x += O(attention(rope(norm(Q h)), rope(norm(K h)), V h)),  h = rms_norm(x)
//               x += Down(silu(Gate h) * Up h),                            h = rms_norm(x)
//   hidden = rms_norm(x);  logits = Head hidden
//
// Every row's numbers depend on that row and on the keys it may see, never on the rest of the batch (kernel_table.h).
// Thread: device thread only.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "model/checkpoint.h"
#include "model/config.h"
#include "model/forward_batch.h"
#include "model/kv_cache.h"
#include "ops/packed_linear.h"

namespace erprm {

// Whether the output matrix is read: a reward model needs none, or a few of its rows (score_head.h).
enum class OutputMatrix { kPacked, kAbsent };

class Transformer {
 public:
  // Packs every weight; the checkpoint stays mapped for its embedding rows.
  // Throws INVALID_CHECKPOINT (missing, misshapen or non-finite tensor) and INVALID_ARGUMENT (unsupported head size).
  Transformer(ModelConfig config, std::shared_ptr<const Checkpoint> checkpoint, WeightType type,
              OutputMatrix output_matrix);

  // The final hidden states of batch.outputs: f32 [outputs, padded(hidden)].
  at::Tensor forward(const ForwardBatch& batch, const KvBlockPool& pool) const;

  // hidden f32 [rows, padded(hidden)] -> logits f32 [rows, logit_width()]. REQUIRES: OutputMatrix::kPacked.
  void logits(const at::Tensor& hidden, float* out) const;
  // The vocabulary, padded; 0 without an output matrix.
  int64_t logit_width() const { return head_.padded_outputs(); }

  // How the keys and values that forward takes are to be held: beside int8 weights in bf16, where that has a kernel.
  KeyValueType key_value_type() const;

  const ModelConfig& config() const { return config_; }

 private:
  struct Layer {
    at::Tensor attention_norm, feed_forward_norm;  // f32 [padded(hidden)]
    at::Tensor query_norm, key_norm;               // f32 [D], undefined without query_key_norm
    PackedLinear query_key_value;                  // [(H + 2G) D, hidden]
    PackedLinear attention_output;                 // [hidden, H D]
    PackedLinear gate_up;                          // [2 padded(F), hidden]
    PackedLinear down;                             // [hidden, F]
  };

  void embed(const ForwardBatch& batch, float* x) const;
  void prepare_heads(const ForwardBatch& batch, const KvBlockPool& pool, int layer, const at::Tensor& cosines,
                     const at::Tensor& sines, at::Tensor& qkv) const;

  const ModelConfig config_;
  const std::shared_ptr<const Checkpoint> checkpoint_;
  const WeightType weight_type_;
  std::vector<Layer> layers_;
  at::Tensor final_norm_;
  PackedLinear head_;  // [vocabulary, hidden], or empty
};

}  // namespace erprm
