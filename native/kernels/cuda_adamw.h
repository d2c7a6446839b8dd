// AdamW over all parameters of a model in one launch, and the norm of all their gradients.
//
// Tensors are cut into pieces of kAdamWPiece numbers, one block each, listed once when a training begins. Every sum
// runs in an order that the sizes alone decide. Launchers: see cuda_training.h.
#pragma once

#include <cstdint>

#include "kernels/cuda_stream.h"

namespace erprm::cuda {

constexpr int64_t kAdamWPiece = 1 << 14;

// A trained tensor; pointers to the device's memory, aligned to 16 bytes. f32 but for `copy`.
struct AdamWTensor {
  float* value;
  float* gradient;
  float* first_moment;
  float* second_moment;
  void* copy;  // bf16, the weights that products take; may be null
  int64_t count;
  float weight_decay;  // 1 or 0: whether the decay of the update applies
};

// Numbers [index kAdamWPiece, ...) of a tensor.
struct AdamWPiece {
  int32_t tensor;
  int32_t index;
};

// What AdamW computes with, in f32 as the tensors are (train/adamw.h has the equations).
struct AdamWNumbers {
  float scale;                      // of the gradients
  float beta1, beta2;               // of what is kept of the moments
  float first_share, second_share;  // 1 - beta1, 1 - beta2, subtracted in double
  float epsilon;
  float corrected_rate;       // learning rate / (1 - beta1^k)
  float second_root;          // sqrt(1 - beta2^k)
  float learning_rate_decay;  // learning rate times weight decay
};

// norm [1] = the Euclidean norm of all gradients.  tensors, pieces: on the device; partials [num_pieces]: room
int gradient_norm(const AdamWTensor* tensors, const AdamWPiece* pieces, int64_t num_pieces, double* partials,
                  double* norm, Stream stream);

// One update of every tensor: value, moments and copy change, gradients become 0.
int adamw(const AdamWTensor* tensors, const AdamWPiece* pieces, int64_t num_pieces, const AdamWNumbers& numbers,
          Stream stream);

}  // namespace erprm::cuda
