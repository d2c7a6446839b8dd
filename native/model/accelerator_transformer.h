// AcceleratorTransformer: the decoder of transformer.h on an accelerator, over R rows whose activations lie in buffers
// of the caller. How rows attend is the caller's: packed sequences (packed_forward.h), or rows over their blocks of
// keys and values (decode_burst.h).
//
// All calls queue work on the stream in use (accelerator_stream.h) and wait for nothing.
// Thread: device thread only.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "kernels/cuda_element.h"
#include "model/accelerator_stream.h"
#include "model/accelerator_weights.h"
#include "model/config.h"

namespace erprm {

// Activations of R rows; T is the element type of the weights.
struct RowBuffers {
  at::Tensor residual;        // f32 [R, C]
  at::Tensor cosines, sines;  // f32 [R, D/2]
  at::Tensor normed;          // T [R, C]
  at::Tensor qkv;             // T [R, (H + 2G) D]
  at::Tensor attended;        // T [R, H D]
  at::Tensor projected;       // T [R, C]
  at::Tensor gate_up;         // T [R, 2F]
  at::Tensor activated;       // T [R, F]

  int64_t num_rows() const { return residual.size(0); }
  // The first `rows` rows, in the same memory.
  RowBuffers first(int64_t rows) const;
};

// Where rows leave their keys and values (kernels/cuda_transformer.h, PrepareHeads).
struct KeyValueRows {
  void* const* places;   // device pointer, [R] or null
  int64_t layer_stride;  // from a layer to the next, in elements
};

class AcceleratorTransformer {
 public:
  // REQUIRES: `stream` is in use, and outlives this. Throws what load_accelerator_weights throws.
  AcceleratorTransformer(ModelConfig config, const Checkpoint& checkpoint, at::ScalarType type,
                         OutputMatrix output_matrix, const AcceleratorStream& stream);

  RowBuffers buffers(int64_t rows) const;
  // Bytes of RowBuffers, a row.
  int64_t row_bytes() const;

  // tokens, positions i32 [R] -> residual, cosines, sines.
  void embed(const int32_t* tokens, const int32_t* positions, const RowBuffers& rows) const;

  // attend(layer, qkv, attended): fills `attended` for the rows whose heads are prepared in `qkv`.
  using Attend = std::function<void(int layer, const at::Tensor& qkv, const at::Tensor& attended)>;

  // All layers over embedded rows. The final hidden states: T [R, C], in rows.normed; or, with `wanted` i64 [W], those
  // of the wanted rows, T [W, C].
  at::Tensor layers(const RowBuffers& rows, const KeyValueRows& key_values, float query_scale, const Attend& attend,
                    const at::Tensor& wanted = {}) const;

  // hidden T [R, C] -> out f32 [R, V]. REQUIRES: OutputMatrix::kPacked.
  void logits(const at::Tensor& hidden, const at::Tensor& out) const;

  const ModelConfig& config() const { return config_; }
  const AcceleratorStream& stream() const { return stream_; }
  at::ScalarType type() const { return weights_.type; }
  cuda::Element element() const { return type() == at::kFloat ? cuda::Element::kF32 : cuda::Element::kBF16; }

 private:
  void add_norm(const RowBuffers& rows, const at::Tensor& delta, const at::Tensor& weight) const;
  void prepare_heads(int layer, const RowBuffers& rows, const KeyValueRows& key_values, float query_scale) const;

  const ModelConfig config_;
  const AcceleratorStream& stream_;
  const AcceleratorWeights weights_;
};

}  // namespace erprm
