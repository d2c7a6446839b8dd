// The trainer in bf16 with every operation through ops/training_reference.h: parameters in f32, activations and
// products in bf16. On the CPU it is slow and never used; what the accelerator's kernels give is compared with it
// (accelerated_trainer_test.cc). And what a trainer refuses, and what a failure leaves.
#include "train/trainer.h"

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "core/testing.h"
#include "train/trainer_cases.h"

namespace erprm {
namespace {

using namespace testing;

struct Run {
  double before, norm, after;
};

// The loss of a batch, the norm of its gradient, and the loss after ten updates on it.
Run train(at::ScalarType type, LossKind loss, int lora_rank) {
  const TrainingMode mode(std::make_shared<BlockCache>());
  const Checkpoint nothing({}, {});
  Trainer trainer(small_config(), nothing, options_of(type, loss, lora_rank));
  const TrainingBatch batch = batch_of(loss);
  Run run{mean(trainer.accumulate(batch).losses), 0, 0};
  UpdateOptions update{1, 5e-3, 0.9, 0.95, 1e-8, 0.1, 1};
  run.norm = trainer.update(update);
  for (update.update_index = 2; update.update_index <= 10; ++update.update_index) {
    trainer.accumulate(batch);
    trainer.update(update);
  }
  run.after = mean(trainer.evaluate(batch).losses);
  return run;
}

TEST("bf16 with f32 weights trains as f32 does, within the rounding of bf16, for every loss and with adapters") {
  for (const LossKind loss : kLosses) {
    for (const int rank : {0, 3}) {
      const Run exact = train(at::kFloat, loss, rank), rounded = train(at::kBFloat16, loss, rank);
      CHECK_NEAR(rounded.before, exact.before, 0.02 * exact.before);
      CHECK_NEAR(rounded.norm, exact.norm, 0.05 * exact.norm);
      CHECK(exact.after < exact.before);
      CHECK_NEAR(rounded.after, exact.after, 0.1 * exact.before);
    }
  }
}

TEST("a failure in the middle of a batch leaves no part of it in any gradient") {
  const TrainingMode mode(std::make_shared<BlockCache>());
  Trainer trainer(small_config(), Checkpoint({}, {}), options_of(at::kFloat, LossKind::kNextToken, 0));
  const TrainingBatch batch = batch_of(LossKind::kNextToken);
  trainer.accumulate(batch);
  // The backward pass comes by here when the gradients of the layers above are complete.
  trainer.parameters().named("model.layers.0.self_attn.q_proj.weight")->gradient = at::zeros({1, 1});
  CHECK_THROWS(trainer.accumulate(batch), "to fit");
  for (const ParameterPointer& parameter : trainer.trained()) {
    CHECK(parameter->gradient.equal(at::zeros_like(parameter->gradient)));
  }
}

TEST("heads that no kernel takes are refused before a weight is read") {
  const TrainerOptions options = options_of(at::kFloat, LossKind::kBinary, 0);
  ModelConfig config = small_config();
  config.head_size = 24;
  CHECK_THROWS(Trainer(config, Checkpoint({}, {}), options), "headSize to be a multiple of 16, received 24");
  config = small_config();
  config.num_kv_heads = 3;
  CHECK_THROWS(Trainer(config, Checkpoint({}, {}), options), "received 4 and 3");
}

}  // namespace
}  // namespace erprm
