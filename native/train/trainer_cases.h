// What the tests of trainers share: a small model that has every part a model may have, and a batch for every loss.
#pragma once

#include <vector>

#include "model/random_checkpoint.h"
#include "train/trainer.h"

namespace erprm::testing {

inline ModelConfig small_config() {
  ModelConfig config = random_config();
  config.num_layers = 2;
  config.vocabulary_size = 72;
  config.context_length = 64;
  config.sliding_window = 5;
  config.sliding_layers = {0, 1};
  config.tied_embeddings = true;
  config.attention_bias = true;
  config.query_key_norm = true;
  return config;
}

inline TrainerOptions options_of(at::ScalarType type, LossKind loss, int lora_rank) {
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

inline TrainingBatch batch_of(LossKind loss) {
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

inline double mean(const std::vector<float>& numbers) {
  double sum = 0;
  for (const float number : numbers) sum += number;
  return sum / static_cast<double>(numbers.size());
}

constexpr LossKind kLosses[] = {LossKind::kNextToken, LossKind::kTwoWay, LossKind::kBinary, LossKind::kSquared};

}  // namespace erprm::testing
