#include "train/trainer.h"

#include <ATen/Parallel.h>
#include <c10/core/DeviceGuard.h>

#include <cmath>

#include "core/error.h"
#include "core/ragged.h"
#include "ops/flash_attention.h"

namespace erprm {
namespace {

bool has_value_head(LossKind loss) { return loss == LossKind::kBinary || loss == LossKind::kSquared; }

std::shared_ptr<const Parameters> read_parameters(const ModelConfig& config, const Checkpoint& checkpoint,
                                                  const TrainerOptions& options) {
  check_heads(config);
  const ParameterOptions wanted{
      has_value_head(options.loss), options.lora_rank, options.lora_alpha,    options.lora_targets, options.initialise,
      options.initial_range,        options.seed,      options.device.device, options.compute_type};
  return std::make_shared<const Parameters>(config, checkpoint, wanted);
}

// Launches go to the trainer's device, and to the accelerator's kernels where that is emulated.
class OnDevice {
 public:
  explicit OnDevice(const DeviceChoice& choice) : emulated_(choice.emulated) {
    if (!choice.device.is_cpu()) device_.reset_device(choice.device);
  }

 private:
  const Emulated emulated_;
  c10::OptionalDeviceGuard device_;
};

void expect_size(const char* name, size_t received, size_t expected) {
  require(received == expected, ErrorCode::INVALID_ARGUMENT, "Expected batch.", name, " to have ", expected,
          " entries, received ", received);
}

}  // namespace

TrainingMode::TrainingMode(std::shared_ptr<BlockCache> cache)
    : memory_(std::move(cache)), torch_threads_(at::get_num_threads()) {
  at::set_num_threads(1);
}

TrainingMode::~TrainingMode() { at::set_num_threads(torch_threads_); }

Trainer::Trainer(const ModelConfig& config, const Checkpoint& checkpoint, TrainerOptions options)
    : options_(std::move(options)),
      parameters_(read_parameters(config, checkpoint, options_)),
      network_(config, parameters_, options_.compute_type) {
  for (const int32_t candidate : options_.candidates) {
    require(candidate >= 0 && candidate < config.vocabulary_size, ErrorCode::INVALID_ARGUMENT,
            "Expected candidates from 0 to ", config.vocabulary_size - 1, ", received ", candidate);
  }
  for (const ParameterPointer& parameter : parameters_->all()) {
    if (parameter->trained()) trained_.push_back(parameter);
  }
  if (!options_.device.accelerated()) return;
  // Now, and not in the middle of the first batch.
  if (options_.compute_type != at::kFloat) check_flash_attention();
  const OnDevice scope(options_.device);
  adamw_.emplace(trained_);
}

void Trainer::check(const TrainingBatch& batch) const {
  const ModelConfig& config = network_.config();
  const int64_t sequences = check_offsets("batch.offsets", batch.offsets, static_cast<int64_t>(batch.values.size()));
  for (int64_t s = 0; s < sequences; ++s) {
    const int32_t length = batch.offsets[s + 1] - batch.offsets[s];
    require(length <= config.context_length, ErrorCode::INVALID_ARGUMENT, "Expected sequence ", s, " to have at most ",
            config.context_length, " tokens, received ", length);
  }
  const auto check_token = [&](const char* name, size_t i, int32_t token) {
    require(token >= 0 && token < config.vocabulary_size, ErrorCode::INVALID_ARGUMENT, "Expected batch.", name, "[", i,
            "] to be a token from 0 to ", config.vocabulary_size - 1, ", received ", token);
  };
  for (size_t i = 0; i < batch.values.size(); ++i) check_token("values", i, batch.values[i]);
  const size_t count = batch.positions.size();
  for (size_t p = 0; p < count; ++p) {
    const int32_t low = p == 0 ? 0 : batch.positions[p - 1] + 1;
    require(batch.positions[p] >= low && batch.positions[p] < static_cast<int64_t>(batch.values.size()),
            ErrorCode::INVALID_ARGUMENT, "Expected batch.positions[", p, "] to be from ", low, " to ",
            static_cast<int64_t>(batch.values.size()) - 1, ", received ", batch.positions[p]);
  }
  const bool next = options_.loss == LossKind::kNextToken;
  expect_size("weights", batch.weights.size(), count);
  expect_size("tokens", batch.tokens.size(), next ? count : 0);
  expect_size("labels", batch.labels.size(), next ? 0 : count);
  for (size_t p = 0; p < batch.tokens.size(); ++p) check_token("tokens", p, batch.tokens[p]);
  for (size_t p = 0; p < batch.labels.size(); ++p) {
    require(batch.labels[p] >= 0 && batch.labels[p] <= 1, ErrorCode::INVALID_ARGUMENT, "Expected batch.labels[", p,
            "] to be from 0 to 1, received ", batch.labels[p]);
  }
  for (size_t p = 0; p < count; ++p) {
    require(std::isfinite(batch.weights[p]) && batch.weights[p] >= 0, ErrorCode::INVALID_ARGUMENT,
            "Expected batch.weights[", p, "] to be finite and at least 0, received ", batch.weights[p]);
  }
}

LossResult Trainer::loss(const at::Tensor& hidden, const PlacedBatch& batch, bool gradients) const {
  const Parameters& p = *parameters_;
  switch (options_.loss) {
    case LossKind::kTwoWay:
      return two_way(hidden, *p.output, options_.candidates, batch, gradients);
    case LossKind::kBinary:
      return binary(hidden, *p.value_weight, *p.value_bias, batch, gradients);
    case LossKind::kSquared:
      return squared(hidden, *p.value_weight, *p.value_bias, batch, gradients);
    case LossKind::kNextToken:
      break;
  }
  return next_token(hidden, *p.output, batch, gradients);
}

TrainingResult Trainer::run(const TrainingBatch& batch, TrainingPass::Mode mode) {
  check(batch);
  if (batch.positions.empty()) return {};
  const bool gradients = mode != TrainingPass::Mode::kForwardOnly;
  try {
    const OnDevice scope(options_.device);
    const PlacedBatch placed(batch, options_.device.device, options_.device.accelerated());
    TrainingPass pass(network_, placed, mode);
    LossResult result = loss(pass.hidden(), placed, gradients);
    if (gradients) pass.backward(result.hidden_gradient);
    result.read();
    return {std::move(result.losses), std::move(result.scores)};
  } catch (...) {
    // Some parameters have this batch in their gradients and some do not: no update may come of that.
    if (gradients) clear_gradients();
    throw;
  }
}

void Trainer::clear_gradients() {
  for (const ParameterPointer& parameter : trained_) parameter->gradient.zero_();
}

TrainingResult Trainer::accumulate(const TrainingBatch& batch) {
  return run(batch, options_.gradient_checkpointing ? TrainingPass::Mode::kCheckpointed : TrainingPass::Mode::kPlain);
}

TrainingResult Trainer::evaluate(const TrainingBatch& batch) { return run(batch, TrainingPass::Mode::kForwardOnly); }

double Trainer::update(const UpdateOptions& options) {
  const OnDevice scope(options_.device);
  const double norm = adamw_ ? adamw_->norm() : gradient_norm(trained_);
  if (!std::isfinite(norm)) {
    clear_gradients();
    throw Error(
        ErrorCode::NUMERICAL,
        concat("Expected the gradients of update ", options.update_index, " to be finite, received a norm of ", norm),
        {{"what", "gradientNorm"}, {"updateIndex", options.update_index}});
  }
  // The small number is torch.nn.utils.clip_grad_norm_'s.
  const bool clips = options.max_gradient_norm > 0 && norm > options.max_gradient_norm;
  const double scale = clips ? options.max_gradient_norm / (norm + 1e-6) : 1;
  if (adamw_) {
    adamw_->apply(options, scale);
  } else {
    apply_adamw(trained_, options, scale);
  }
  return norm;
}

}  // namespace erprm
