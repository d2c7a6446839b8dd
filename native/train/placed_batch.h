// PlacedBatch: a batch where a training's tensors lie. To a card everything goes in one copy that waits for nothing, so
// that a batch is under way on the host while the card computes the one before.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/packed_attention.h"
#include "ops/token_places.h"
#include "train/training_batch.h"

namespace erprm {

struct PlacedBatch {
  // The batch outlives this and has been checked (Trainer::check). `accelerated`: whether the kernels of the
  // accelerator will read it.
  PlacedBatch(const TrainingBatch& batch, at::Device device, bool accelerated);

  const TrainingBatch& host;
  const bool accelerated;
  PackedOffsets offsets;
  at::Tensor positions;      // i32 [P]
  at::Tensor own_positions;  // i32 [T]: of each token in its sequence

  // Undefined unless accelerated; what reads the host's memory takes them from `host`.
  at::Tensor values;           // i32 [T]
  TokenPlaces value_places;    // of the values
  at::Tensor tokens;           // i32 [P], or [0] for losses without
  at::Tensor labels, weights;  // f32 [P]; labels [0] for losses without
};

}  // namespace erprm
