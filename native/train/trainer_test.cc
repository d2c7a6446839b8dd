// The trainer in bf16, as it computes on CUDA: parameters in f32, activations and products in bf16, every operation
// through ops/training_reference.h. Here on the CPU, where it is slow and never used, so that the path is known to
// hold. And what a trainer refuses, and what a failure leaves.
#include "train/trainer.h"

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "core/testing.h"

namespace erprm {
namespace {

ModelConfig small_config() {
  ModelConfig config{};
  config.num_layers = 2;
  config.hidden_size = 48;
  config.intermediate_size = 80;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_size = 16;
  config.vocabulary_size = 72;
  config.context_length = 64;
  config.norm_epsilon = 1e-5f;
  for (int i = 0; i < config.head_size / 2; ++i) {
    config.rope_inverse_frequencies.push_back(std::pow(10000.0f, -2.0f * i / config.head_size));
  }
  config.rope_scale = 1;
  config.sliding_window = 5;
  config.sliding_layers = {0, 1};
  config.tied_embeddings = true;
  config.attention_bias = true;
  config.query_key_norm = true;
  return config;
}

TrainerOptions options_of(at::ScalarType type, LossKind loss, int lora_rank) {
  TrainerOptions options;
  options.compute_type = type;
  options.loss = loss;
  options.candidates = {5, 9};
  options.lora_rank = lora_rank;
  options.lora_alpha = 2.0 * lora_rank;
  options.lora_targets = {"q_proj", "down_proj"};
  options.initialise = true;
  options.initial_range = 0.2;
  options.seed = 3;
  return options;
}

TrainingBatch batch_of(LossKind loss) {
  TrainingBatch batch;
  for (int i = 0; i < 40; ++i) batch.values.push_back((i * 31 + i * i % 17) % 72);
  batch.offsets = {0, 15, 16, 40};
  for (int i = 0; i < 39; i += 3) {
    batch.positions.push_back(i);
    batch.weights.push_back(1.0f / 13);
    if (loss == LossKind::kNextToken) batch.tokens.push_back(batch.values[i + 1]);
    if (loss != LossKind::kNextToken) batch.labels.push_back(static_cast<float>(i % 7) / 6);
  }
  return batch;
}

double mean(const std::vector<float>& numbers) {
  double sum = 0;
  for (const float number : numbers) sum += number;
  return sum / static_cast<double>(numbers.size());
}

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
  for (const LossKind loss : {LossKind::kNextToken, LossKind::kTwoWay, LossKind::kBinary, LossKind::kSquared}) {
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
