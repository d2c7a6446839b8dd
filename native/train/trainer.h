// Trainer: accumulate gradients over packed batches, then update. Which examples make a batch, when to update and when
// to stop is the caller's business (src/training/).
//
// Constant after construction: options. Thread: device thread only, inside a TrainingMode.
#pragma once

#include <c10/core/InferenceMode.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/checkpoint.h"
#include "model/config.h"
#include "ops/accelerator.h"
#include "train/accelerated_adamw.h"
#include "train/adamw.h"
#include "train/cached_memory.h"
#include "train/losses.h"
#include "train/network.h"
#include "train/parameters.h"
#include "train/training_batch.h"
#include "train/training_pass.h"

namespace erprm {

enum class LossKind { kNextToken, kTwoWay, kBinary, kSquared };

// See src/native/contract.ts, NativeTrainerOptions.
struct TrainerOptions {
  DeviceChoice device;
  at::ScalarType compute_type = at::kFloat;
  LossKind loss = LossKind::kNextToken;
  std::array<int32_t, 2> candidates = {0, 0};  // of kTwoWay
  int lora_rank = 0;
  double lora_alpha = 0;
  std::vector<std::string> lora_targets;
  bool gradient_checkpointing = false;
  bool initialise = false;
  double initial_range = 0;
  uint64_t seed = 0;
};

struct TrainingResult {
  std::vector<float> losses, scores;  // [P]; scores empty for kNextToken
};

// The device thread serves decoding in inference mode, where autograd is off, and lets torch use all threads. Training
// wants autograd, torch's own small operations on one thread (ours compute everything large, core/parallel.h), and
// activations in memory that was used before.
class TrainingMode {
 public:
  explicit TrainingMode(std::shared_ptr<BlockCache> cache);
  ~TrainingMode();
  TrainingMode(const TrainingMode&) = delete;
  TrainingMode& operator=(const TrainingMode&) = delete;

 private:
  const c10::InferenceMode off_{false};
  const CachedMemory memory_;
  const int torch_threads_;
};

class Trainer {
 public:
  // Throws what Parameters and check_heads throw; INVALID_ARGUMENT for candidates outside the vocabulary; on the
  // accelerator DEVICE_UNAVAILABLE for a libtorch whose flash attention is not the one we know.
  Trainer(const ModelConfig& config, const Checkpoint& checkpoint, TrainerOptions options);

  // Forward and backward: adds the gradient of sum of weights[p] * l_p.
  // Throws INVALID_ARGUMENT for a batch that does not fit the model, naming what and where: gradients are as before.
  // OUT_OF_MEMORY, or any other error of the work itself, clears them, those of earlier batches too.
  TrainingResult accumulate(const TrainingBatch& batch);
  // Forward only.
  TrainingResult evaluate(const TrainingBatch& batch);

  // Clips, applies AdamW, clears the gradients. Returns the norm before clipping.
  // Throws NUMERICAL when that is not finite: weights and moments are as before, the gradients cleared.
  double update(const UpdateOptions& options);

  const Parameters& parameters() const { return *parameters_; }
  const std::vector<ParameterPointer>& trained() const { return trained_; }

 private:
  TrainingResult run(const TrainingBatch& batch, TrainingPass::Mode mode);
  void check(const TrainingBatch& batch) const;
  void clear_gradients();
  LossResult loss(const at::Tensor& hidden, const PlacedBatch& batch, bool gradients) const;

  const TrainerOptions options_;
  const std::shared_ptr<const Parameters> parameters_;
  const TrainingNetwork network_;
  std::vector<ParameterPointer> trained_;
  std::optional<AcceleratedAdamW> adamw_;  // on the accelerator
};

}  // namespace erprm
