// Whole trainings on the accelerator's kernels against the CPU's: in f32 to rounding, in bf16 alike; and
// what checkpointing and a resumed training must not change.
#include <ATen/ops/zeros_like.h>
#include <ATen/record_function.h>
#include <unistd.h>

#include <cstdlib>

#include "core/testing.h"
#include "ops/accelerator_cases.h"
#include "ops/training_cases.h"
#include "train/tensor_file.h"
#include "train/trainer.h"
#include "train/trainer_cases.h"

namespace erprm {
namespace {

using namespace testing;

DeviceChoice accelerator() { return OnAccelerator().choice; }

Trainer trainer_on(const DeviceChoice& device, at::ScalarType type, LossKind loss, int lora_rank,
                   bool checkpointing = false) {
  TrainerOptions options = options_of(type, loss, lora_rank);
  options.device = device;
  options.gradient_checkpointing = checkpointing;
  return Trainer(small_config(), Checkpoint({}, {}), options);
}

std::vector<at::Tensor> gradients_of(const Trainer& trainer) {
  std::vector<at::Tensor> gradients;
  for (const ParameterPointer& parameter : trainer.trained())
    gradients.push_back(parameter->gradient.to(at::kCPU, at::kFloat, false, true));
  return gradients;
}

struct Run {
  double before, norm, after;
  std::vector<float> scores;
};

// The loss of a batch, the norm of its gradient, and the loss after ten updates on it.
Run train(Trainer trainer, LossKind loss) {
  const TrainingBatch batch = batch_of(loss);
  const TrainingResult first = trainer.accumulate(batch);
  Run run{mean(first.losses), 0, 0, first.scores};
  UpdateOptions update{1, 5e-3, 0.9, 0.95, 1e-8, 0.1, 1};
  run.norm = trainer.update(update);
  for (update.update_index = 2; update.update_index <= 10; ++update.update_index) {
    trainer.accumulate(batch);
    trainer.update(update);
  }
  run.after = mean(trainer.evaluate(batch).losses);
  return run;
}

TEST("in f32 the accelerator's losses and gradients are the CPU's to rounding, for every loss and with adapters") {
  if (!has_accelerator()) return;
  const TrainingMode mode(std::make_shared<BlockCache>());
  for (const LossKind loss : kLosses) {
    for (const int rank : {0, 3}) {
      Trainer host = trainer_on({}, at::kFloat, loss, rank), device = trainer_on(accelerator(), at::kFloat, loss, rank);
      const TrainingBatch batch = batch_of(loss);
      const TrainingResult expected = host.accumulate(batch), actual = device.accumulate(batch);
      CHECK(actual.losses.size() == expected.losses.size() && actual.scores.size() == expected.scores.size());
      for (size_t p = 0; p < expected.losses.size(); ++p) CHECK_NEAR(actual.losses[p], expected.losses[p], 1e-5);
      for (size_t p = 0; p < expected.scores.size(); ++p) CHECK_NEAR(actual.scores[p], expected.scores[p], 1e-5);
      // Added to once more: gradients accumulate over batches.
      host.accumulate(batch), device.accumulate(batch);
      const std::vector<at::Tensor> a = gradients_of(device), b = gradients_of(host);
      CHECK(a.size() == b.size());
      for (size_t i = 0; i < a.size(); ++i) CHECK_NEAR((a[i] - b[i]).abs().max().item<double>(), 0, 2e-5);
    }
  }
}

TEST("in f32 a training of ten updates on the accelerator follows the CPU's") {
  if (!has_accelerator()) return;
  const TrainingMode mode(std::make_shared<BlockCache>());
  for (const LossKind loss : kLosses) {
    for (const int rank : {0, 3}) {
      const Run expected = train(trainer_on({}, at::kFloat, loss, rank), loss);
      const Run actual = train(trainer_on(accelerator(), at::kFloat, loss, rank), loss);
      CHECK_NEAR(actual.before, expected.before, 1e-5 * expected.before);
      CHECK_NEAR(actual.norm, expected.norm, 1e-4 * expected.norm);
      CHECK(actual.after < actual.before);
      // AdamW divides a gradient by its own size: where one is nearly zero, its rounding decides its sign.
      CHECK_NEAR(actual.after, expected.after, 5e-3 * expected.before);
    }
  }
}

TEST("in bf16 a training on the accelerator falls as that in f32 does, within the rounding of bf16") {
  if (!has_accelerator()) return;
  const TrainingMode mode(std::make_shared<BlockCache>());
  for (const LossKind loss : kLosses) {
    for (const int rank : {0, 3}) {
      const Run exact = train(trainer_on({}, at::kFloat, loss, rank), loss);
      const Run rounded = train(trainer_on(accelerator(), at::kBFloat16, loss, rank), loss);
      CHECK_NEAR(rounded.before, exact.before, 0.02 * exact.before);
      CHECK_NEAR(rounded.norm, exact.norm, 0.05 * exact.norm);
      CHECK(rounded.after < rounded.before);
      CHECK_NEAR(rounded.after, exact.after, 0.1 * exact.before);
    }
  }
}

TEST("gradient checkpointing gives the same gradients on the accelerator, bit for bit, and so does a second training") {
  if (!has_accelerator()) return;
  const TrainingMode mode(std::make_shared<BlockCache>());
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    Trainer plain = trainer_on(accelerator(), type, LossKind::kNextToken, 0);
    Trainer again = trainer_on(accelerator(), type, LossKind::kNextToken, 0);
    Trainer checkpointed = trainer_on(accelerator(), type, LossKind::kNextToken, 0, true);
    const TrainingBatch batch = batch_of(LossKind::kNextToken);
    const std::vector<float> losses = plain.accumulate(batch).losses;
    CHECK(again.accumulate(batch).losses == losses);
    CHECK(checkpointed.accumulate(batch).losses == losses);
    CHECK(same(gradients_of(again), gradients_of(plain)));
    CHECK(same(gradients_of(checkpointed), gradients_of(plain)));
  }
}

// Counts the numbers that the calling thread reads out of tensors, one by one, while it lives: what waits for a card.
class ReadBacks {
 public:
  ReadBacks() {
    count = 0;
    handle_ = at::addThreadLocalCallback(
        at::RecordFunctionCallback([](const at::RecordFunction& function) -> std::unique_ptr<at::ObserverContext> {
          if (std::string_view(function.name()) == "aten::_local_scalar_dense") ++count;
          return nullptr;
        }));
  }
  ~ReadBacks() { at::removeCallback(handle_); }
  ReadBacks(const ReadBacks&) = delete;
  ReadBacks& operator=(const ReadBacks&) = delete;

  static inline int count = 0;

 private:
  at::CallbackHandle handle_;
};

TEST("a batch reads no number back before its losses, and an update reads one") {
  if (!has_accelerator()) return;
  const TrainingMode mode(std::make_shared<BlockCache>());
  for (const LossKind loss : kLosses) {
    for (const int rank : {0, 3}) {
      Trainer trainer = trainer_on(accelerator(), at::kBFloat16, loss, rank, rank == 0);
      const TrainingBatch batch = batch_of(loss);
      const ReadBacks reads;
      trainer.accumulate(batch);
      trainer.evaluate(batch);
      CHECK(ReadBacks::count == 0);
      trainer.update({1, 5e-2, 0.9, 0.95, 1e-8, 0, 1});
      CHECK(ReadBacks::count == 1);
    }
  }
}

TEST("an update writes the factors of products, and clears the gradients") {
  if (!has_accelerator()) return;
  const TrainingMode mode(std::make_shared<BlockCache>());
  Trainer trainer = trainer_on(accelerator(), at::kBFloat16, LossKind::kNextToken, 0);
  trainer.accumulate(batch_of(LossKind::kNextToken));
  const ParameterPointer& weight = trainer.parameters().named("model.layers.1.mlp.down_proj.weight");
  const at::Tensor before = weight->factor().clone();
  trainer.update({1, 5e-2, 0.9, 0.95, 1e-8, 0, 0});
  CHECK(!weight->factor().equal(before));
  for (const ParameterPointer& parameter : trainer.parameters().all()) {
    CHECK(parameter->factor().equal(parameter->value.to(parameter->factor().scalar_type())));
    CHECK(parameter->gradient.equal(at::zeros_like(parameter->gradient)));
  }
}

// A file of the host's that is gone when the object is.
struct TemporaryFile {
  TemporaryFile() : descriptor(mkstemp(path)) { CHECK(descriptor >= 0); }
  ~TemporaryFile() {
    close(descriptor);
    unlink(path);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  char path[32] = "/tmp/erprm-test-XXXXXX";
  const int descriptor;
};

TEST("a training that reads another's weights and moments goes on as that one does, bit for bit") {
  if (!has_accelerator()) return;
  const TrainingMode mode(std::make_shared<BlockCache>());
  Trainer first = trainer_on(accelerator(), at::kBFloat16, LossKind::kNextToken, 3);
  const TrainingBatch batch = batch_of(LossKind::kNextToken);
  const auto update = [&](Trainer& trainer, int64_t index) {
    trainer.accumulate(batch);
    trainer.update({index, 5e-2, 0.9, 0.95, 1e-8, 0.1, 1});
  };
  update(first, 1);
  std::vector<TensorSlot> slots;
  uint64_t offset = 0;
  for (const ParameterPointer& parameter : first.trained()) {
    for (const char* what : {"", "first_moment.", "second_moment."}) {
      slots.push_back({what + parameter->name, StoredType::kF32, offset, false});
      offset += parameter->value.nbytes();
    }
  }
  const TemporaryFile file;
  write_tensors(first.parameters(), file.path, slots);
  Trainer second = trainer_on(accelerator(), at::kBFloat16, LossKind::kNextToken, 3);
  CHECK(second.evaluate(batch).losses != first.evaluate(batch).losses);
  read_tensors(second.parameters(), file.path, slots);
  CHECK(second.evaluate(batch).losses == first.evaluate(batch).losses);
  update(first, 2), update(second, 2);
  CHECK(second.evaluate(batch).losses == first.evaluate(batch).losses);
}

TEST("gradients that are not finite are refused on the accelerator, and weights stay as they are") {
  if (!has_accelerator()) return;
  const TrainingMode mode(std::make_shared<BlockCache>());
  Trainer trainer = trainer_on(accelerator(), at::kFloat, LossKind::kBinary, 0);
  const ParameterPointer& weight = trainer.parameters().named("model.layers.0.mlp.up_proj.weight");
  const at::Tensor before = weight->value.clone();
  trainer.accumulate(batch_of(LossKind::kBinary));
  weight->gradient[3][4] = NAN;
  CHECK_THROWS(trainer.update({1, 5e-3, 0.9, 0.95, 1e-8, 0, 0}), "received a norm of NaN");
  CHECK(weight->value.equal(before));
  CHECK(weight->gradient.equal(at::zeros_like(weight->gradient)));
}

}  // namespace
}  // namespace erprm
