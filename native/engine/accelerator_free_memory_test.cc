// Takes most of a card's memory, so device-check keeps it from the sanitizer, which needs memory of its own.
#include <exception>
#include <optional>
#include <utility>

#include "core/testing.h"
#include "engine/accelerator_engine.h"
#include "model/random_checkpoint.h"
#include "ops/accelerator_cases.h"

namespace {

using namespace erprm;

// Tokens of completions that an engine with this much memory for keys and values draws.
std::vector<int32_t> draw(int64_t kv_memory_bytes) {
  const ModelConfig config = testing::random_config();
  const testing::RandomCheckpoint checkpoint(config);
  const AcceleratorEngineOptions options{at::kFloat, 8, 200, 4, kv_memory_bytes};
  const auto engine = AcceleratorEngine::load(config, *checkpoint.get(), testing::accelerator_choice(), options,
                                              std::make_shared<EngineStats>());
  auto request = std::make_shared<RolloutRequest>();
  request->trunk = {5, 1, 4, 2, 3};
  request->groups = {{5, 6, 0, 0, 0}, {2, 2, 0, 1, 0}};
  request->sampling = {1.0f, 0, 1.0f, 0.0f};
  request->max_tokens = 70;
  std::optional<RolloutResult> result;
  request->on_finish = [&result](RolloutResult finished) { result = std::move(finished); };
  std::exception_ptr failure;
  request->on_fail = [&failure](std::exception_ptr error) { failure = std::move(error); };
  engine->submit(request);
  for (int iterations = 0; engine->run_iteration(); ++iterations) CHECK(iterations < 2000);
  if (failure) std::rethrow_exception(failure);
  CHECK(result.has_value());
  CHECK(result->finish_reasons.size() == 8);
  return result->tokens.values;
}

}  // namespace

TEST("memory for keys and values that is not given is what is free") {
  if (!testing::has_accelerator()) return;
  CHECK(draw(0) == draw(int64_t{4} << 20));
}
