// The transformer's parameters on an accelerator: matrices as bf16 or f32, norms as f32, in the layout of the
// checkpoint but for q, k and v, and gate and up, which are joined (transformer.h says what is computed of them).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "model/accelerator_stream.h"
#include "model/checkpoint.h"
#include "model/config.h"
#include "model/transformer.h"

namespace erprm {

struct AcceleratorLinear {
  at::Tensor weight;  // [outputs, inputs]
  at::Tensor bias;    // [outputs], or undefined
};

struct AcceleratorLayer {
  at::Tensor attention_norm, feed_forward_norm;  // f32 [C]
  at::Tensor query_norm, key_norm;               // f32 [D], undefined without query_key_norm
  AcceleratorLinear query_key_value;             // [(H + 2G) D, C]
  AcceleratorLinear attention_output;            // [C, H D]
  AcceleratorLinear gate_up;                     // [2F, C]
  AcceleratorLinear down;                        // [C, F]
};

struct AcceleratorWeights {
  at::ScalarType type;   // of the matrices, the activations between them, and keys and values
  at::Tensor embedding;  // [V, C]
  std::vector<AcceleratorLayer> layers;
  at::Tensor final_norm;           // f32 [C]
  at::Tensor head;                 // [V, C]: the embedding's memory when they are tied; undefined when absent
  at::Tensor inverse_frequencies;  // f32 [D/2]
};

// Reads every tensor once, a few rows at a time, on the threads of the caller's pool (core/parallel.h).
// REQUIRES: `stream` is in use. Throws INVALID_CHECKPOINT (missing, misshapen or non-finite tensor) and torch's error
// for a device without room.
AcceleratorWeights load_accelerator_weights(const ModelConfig& config, const Checkpoint& checkpoint,
                                            at::ScalarType type, OutputMatrix output_matrix,
                                            const AcceleratorStream& stream);

}  // namespace erprm
