// The accelerator's engine, in f32, against the CPU's: the same tokens for the same requests, whatever the
// batch, the burst, the memory or the company.
#include "engine/accelerator_engine.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/testing.h"
#include "engine/rollout_engine.h"
#include "model/random_checkpoint.h"
#include "ops/accelerator_cases.h"

namespace {

using namespace erprm;

struct Outcome {
  std::optional<RolloutResult> result;
  std::string error;
  std::vector<FreshTokens> fresh;
};

std::vector<int32_t> trunk_of(int problem, int length) {
  std::vector<int32_t> tokens;
  for (int i = 0; i < length; ++i) tokens.push_back((problem * 37 + i * 31 + i * i % 13) % 97);
  return tokens;
}

std::shared_ptr<RolloutRequest> request_of(int problem, int trunk_length, std::vector<PrefixGroup> groups,
                                           int32_t max_tokens) {
  auto request = std::make_shared<RolloutRequest>();
  request->trunk = trunk_of(problem, trunk_length);
  request->groups = std::move(groups);
  request->seed = 7;
  request->problem_key = static_cast<uint64_t>(problem);
  request->sampling = {1.0f, 0, 1.0f, 0.0f};
  request->max_tokens = max_tokens;
  return request;
}

void note_outcome(const std::shared_ptr<RolloutRequest>& request, Outcome& outcome) {
  request->on_finish = [&outcome](RolloutResult result) { outcome.result = std::move(result); };
  request->on_fail = [&outcome](std::exception_ptr error) {
    try {
      std::rethrow_exception(error);
    } catch (const Error& thrown) {
      outcome.error = thrown.message();
    }
  };
}

AcceleratorEngineOptions small_options() {
  return {at::kFloat, /*max_batch=*/8, /*prefill_chunk=*/200, /*burst_tokens=*/4, /*kv_memory_bytes=*/int64_t{4} << 20};
}

std::unique_ptr<Engine> accelerator_engine(const ModelConfig& config, const testing::RandomCheckpoint& checkpoint,
                                           const AcceleratorEngineOptions& options,
                                           std::shared_ptr<EngineStats> stats = std::make_shared<EngineStats>()) {
  return AcceleratorEngine::load(config, *checkpoint.get(), testing::accelerator_choice(), options, std::move(stats));
}

std::unique_ptr<Engine> cpu_engine(const ModelConfig& config, const testing::RandomCheckpoint& checkpoint) {
  auto transformer = std::make_unique<Transformer>(config, checkpoint.get(), WeightType::kF32, OutputMatrix::kPacked);
  const SchedulerLimits limits{16, 64, config.context_length};
  return std::make_unique<RolloutEngine>(std::move(transformer), limits, int64_t{16} << 20,
                                         std::make_shared<EngineStats>());
}

// Requests that meet in the engine: nested prefixes in any order, several trunks, greedy and truncated draws, stop
// tokens.
std::vector<std::shared_ptr<RolloutRequest>> requests() {
  std::vector<std::shared_ptr<RolloutRequest>> all;
  all.push_back(request_of(1, 30, {{30, 3, 0, 2, 0}, {12, 2, 0, 1, 0}, {1, 2, 0, 0, 5}}, 20));
  all.push_back(request_of(2, 70, {{65, 2, 1, 0, 0}, {70, 2, 1, 1, 0}}, 70));
  all.back()->sampling = {0.7f, 20, 0.9f, 0.05f};
  all.push_back(request_of(3, 9, {{9, 2, 0, 0, 0}}, 12));
  all.back()->sampling.temperature = 0;
  all.push_back(request_of(4, 15, {{15, 6, 0, 0, 0}}, 40));
  for (int32_t token = 0; token < 12; ++token) all.back()->stop_tokens.push_back(token);
  return all;
}

std::vector<Outcome> run(Engine& engine, const std::vector<std::shared_ptr<RolloutRequest>>& all) {
  std::vector<Outcome> outcomes(all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    note_outcome(all[i], outcomes[i]);
    engine.submit(all[i]);
  }
  for (int iterations = 0; engine.run_iteration(); ++iterations) CHECK(iterations < 2000);
  return outcomes;
}

void check_equal(const Outcome& a, const Outcome& b) {
  CHECK(a.error.empty() && b.error.empty());
  CHECK(a.result.has_value() && b.result.has_value());
  CHECK(a.result->tokens.offsets == b.result->tokens.offsets);
  CHECK(a.result->tokens.values == b.result->tokens.values);
  CHECK(a.result->finish_reasons == b.result->finish_reasons);
  for (size_t i = 0; i < a.result->log_probabilities.size(); ++i) {
    CHECK(std::abs(a.result->log_probabilities[i] - b.result->log_probabilities[i]) < 1e-3);
  }
}

void check_all_equal(const std::vector<Outcome>& a, const std::vector<Outcome>& b) {
  CHECK(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) check_equal(a[i], b[i]);
}

}  // namespace

TEST("the accelerator's engine in f32 draws the CPU's tokens, whatever batch, burst, passes and memory") {
  if (!testing::has_accelerator()) return;
  const ModelConfig config = testing::random_config();
  const testing::RandomCheckpoint checkpoint(config);
  const std::vector<Outcome> expected = run(*cpu_engine(config, checkpoint), requests());
  const int64_t block = int64_t{4} * 2 * 64 * 16 * 2 * 3;
  const auto check = [&](AcceleratorEngineOptions options, bool recomputes) {
    const auto stats = std::make_shared<EngineStats>();
    check_all_equal(run(*accelerator_engine(config, checkpoint, options, stats), requests()), expected);
    CHECK(recomputes ? stats->recomputed_tokens > 0 : stats->recomputed_tokens == 0);
    CHECK(stats->completions == 19 && stats->kv_bytes == 0 && stats->running == 0);
    int64_t tokens = 0;
    for (const Outcome& outcome : expected) tokens += static_cast<int64_t>(outcome.result->tokens.values.size());
    CHECK(stats->completion_tokens == tokens);
    CHECK(stats->kv_bytes_peak <= options.kv_memory_bytes);
  };
  check(small_options(), false);
  check({at::kFloat, 3, 1, 1, int64_t{4} << 20}, false);
  check({at::kFloat, 32, 1000, 16, int64_t{4} << 20}, false);
  // A trunk of 70 tokens and a completion of 70 are four blocks.
  check({at::kFloat, 8, 200, 8, 5 * block}, true);
}

TEST("head norms, biases, tied embeddings and one kv head change nothing of that") {
  if (!testing::has_accelerator()) return;
  ModelConfig config = testing::random_config();
  config.tied_embeddings = config.query_key_norm = true;
  config.attention_bias = config.attention_output_bias = config.feed_forward_bias = true;
  config.num_kv_heads = 1;
  const testing::RandomCheckpoint checkpoint(config, 5);
  check_all_equal(run(*accelerator_engine(config, checkpoint, small_options()), requests()),
                  run(*cpu_engine(config, checkpoint), requests()));
}

TEST("heads of 64 numbers, three of them on a kv head, change nothing of that") {
  if (!testing::has_accelerator()) return;
  ModelConfig config = testing::random_config();
  config.num_layers = 2;
  config.num_heads = 6;
  config.head_size = 64;
  config.rope_inverse_frequencies.assign(32, 0.3f);
  const testing::RandomCheckpoint checkpoint(config, 2);
  check_all_equal(run(*accelerator_engine(config, checkpoint, small_options()), requests()),
                  run(*cpu_engine(config, checkpoint), requests()));
}

TEST("bf16 completes the same requests, with probabilities that are none of f32's and not far from them") {
  if (!testing::has_accelerator()) return;
  const ModelConfig config = testing::random_config();
  const testing::RandomCheckpoint checkpoint(config);
  AcceleratorEngineOptions options = small_options();
  options.type = at::kBFloat16;
  const std::vector<Outcome> rounded = run(*accelerator_engine(config, checkpoint, options), requests());
  const std::vector<Outcome> exact = run(*cpu_engine(config, checkpoint), requests());
  double distance = 0;
  int num_same = 0, num_rows = 0;
  for (size_t i = 0; i < rounded.size(); ++i) {
    CHECK(rounded[i].error.empty() && rounded[i].result.has_value());
    const RolloutResult &a = *rounded[i].result, &b = *exact[i].result;
    CHECK(a.tokens.num_rows() == b.tokens.num_rows());
    num_rows += static_cast<int>(a.tokens.num_rows());
    // First tokens are drawn from the same prefix with the same number.
    for (int64_t row = 0; row < a.tokens.num_rows(); ++row) {
      if (a.tokens.row(row)[0] != b.tokens.row(row)[0]) continue;
      ++num_same;
      distance += std::abs(a.log_probabilities[a.tokens.offsets[row]] - b.log_probabilities[b.tokens.offsets[row]]);
    }
  }
  CHECK(2 * num_same > num_rows);
  CHECK(distance > 0 && distance / num_same < 0.2);
}

TEST("a stop string ends a completion in the middle of a burst, and what was drawn beyond it is dropped") {
  if (!testing::has_accelerator()) return;
  const ModelConfig config = testing::random_config();
  const testing::RandomCheckpoint checkpoint(config);
  const auto with_stops = [&](Engine& engine) {
    TokenBytes bytes;
    for (int token = 0; token < 97; ++token)
      bytes.append_row(std::vector<uint8_t>{static_cast<uint8_t>('a' + token % 6)});
    engine.set_token_bytes(std::move(bytes));
    auto request = request_of(6, 20, {{20, 8, 0, 0, 0}, {7, 8, 0, 1, 0}}, 60);
    request->stop_strings = {{'a', 'b'}, {'c', 'd', 'e'}};
    return run(engine, {request});
  };
  const std::vector<Outcome> expected = with_stops(*cpu_engine(config, checkpoint));
  const auto& reasons = expected[0].result->finish_reasons;
  CHECK(std::count(reasons.begin(), reasons.end(), uint8_t{0}) > 8);
  AcceleratorEngineOptions options = small_options();
  for (const int32_t burst : {1, 8, 64}) {
    options.burst_tokens = burst;
    check_all_equal(with_stops(*accelerator_engine(config, checkpoint, options)), expected);
  }
}

TEST("a completion ends where the context does") {
  if (!testing::has_accelerator()) return;
  ModelConfig config = testing::random_config();
  config.context_length = 40;
  const testing::RandomCheckpoint checkpoint(config);
  const auto asked = [] { return std::vector{request_of(1, 39, {{39, 2, 0, 0, 0}, {30, 2, 0, 1, 0}}, 1000)}; };
  const std::vector<Outcome> outcomes = run(*accelerator_engine(config, checkpoint, small_options()), asked());
  check_all_equal(outcomes, run(*cpu_engine(config, checkpoint), asked()));
  CHECK(outcomes[0].result->tokens.row(0).size() == 1 && outcomes[0].result->tokens.row(2).size() == 10);
}

TEST("tokens are told burst by burst, in order, with their alternatives, and the last one says why it is the last") {
  if (!testing::has_accelerator()) return;
  const ModelConfig config = testing::random_config();
  const testing::RandomCheckpoint checkpoint(config);
  for (const int32_t alternatives : {0, 3}) {
    const auto listened = [&](Engine& engine) {
      auto request = request_of(8, 11, {{11, 2, 0, 0, 0}}, 13);
      Outcome outcome;
      note_outcome(request, outcome);
      request->num_alternatives = alternatives;
      request->on_tokens = [&outcome](FreshTokens fresh) { outcome.fresh.push_back(std::move(fresh)); };
      engine.submit(request);
      while (engine.run_iteration()) {
      }
      return outcome;
    };
    const Outcome told = listened(*accelerator_engine(config, checkpoint, small_options()));
    const Outcome expected = listened(*cpu_engine(config, checkpoint));
    check_equal(told, expected);
    const auto joined = [](const Outcome& outcome, int32_t row) {
      FreshTokens all;
      for (const FreshTokens& fresh : outcome.fresh) {
        const size_t count = fresh.rows.size(), width = fresh.alternatives.size() / count;
        for (size_t i = 0; i < count; ++i) {
          if (fresh.rows[i] != row) continue;
          all.tokens.push_back(fresh.tokens[i]);
          all.endings.push_back(fresh.endings[i]);
          for (size_t a = 0; a < width; ++a) {
            all.alternatives.push_back(fresh.alternatives[i * width + a]);
            all.alternative_log_probabilities.push_back(fresh.alternative_log_probabilities[i * width + a]);
          }
        }
      }
      return all;
    };
    for (const int32_t row : {0, 1}) {
      const FreshTokens a = joined(told, row), b = joined(expected, row);
      CHECK(a.tokens.size() == 13 && a.tokens == b.tokens && a.endings == b.endings);
      CHECK(a.endings.back() == 2 && a.endings.front() == 0);
      CHECK(a.alternatives.size() == size_t{13} * alternatives && a.alternatives == b.alternatives);
      for (size_t i = 0; i < a.alternatives.size(); ++i) {
        CHECK(std::abs(a.alternative_log_probabilities[i] - b.alternative_log_probabilities[i]) < 1e-3);
      }
    }
    // First tokens and a burst of four, then two bursts; with alternatives one token at a time but for the first two.
    CHECK(told.fresh.size() == (alternatives == 0 ? 3 : 12));
  }
}

TEST("a request that is cancelled in the middle is heard of no more, and the others get their tokens") {
  if (!testing::has_accelerator()) return;
  const ModelConfig config = testing::random_config();
  const testing::RandomCheckpoint checkpoint(config);
  const auto stats = std::make_shared<EngineStats>();
  const auto engine = accelerator_engine(config, checkpoint, small_options(), stats);
  auto gone = request_of(9, 40, {{40, 6, 0, 0, 0}}, 100), stays = request_of(10, 20, {{20, 3, 0, 0, 0}}, 30);
  Outcome never;
  std::vector<Outcome> outcome(1);
  note_outcome(gone, never);
  note_outcome(stays, outcome[0]);
  engine->submit(gone);
  engine->submit(stays);
  for (int i = 0; i < 4; ++i) engine->run_iteration();
  CHECK(stats->running > 3);
  gone->cancelled = true;
  while (engine->run_iteration()) {
  }
  CHECK(!never.result.has_value() && never.error.empty() && stats->kv_bytes == 0);
  check_all_equal(outcome, run(*cpu_engine(config, checkpoint), {request_of(10, 20, {{20, 3, 0, 0, 0}}, 30)}));
}

TEST("the logits of a sequence are the CPU's, read beside requests that run") {
  if (!testing::has_accelerator()) return;
  const ModelConfig config = testing::random_config();
  const testing::RandomCheckpoint checkpoint(config);
  const auto engine = accelerator_engine(config, checkpoint, small_options());
  Outcome outcome;
  auto request = request_of(1, 20, {{20, 4, 0, 0, 0}}, 20);
  note_outcome(request, outcome);
  engine->submit(request);
  for (int i = 0; i < 3; ++i) engine->run_iteration();
  const auto logits_of = [](Engine& source) {
    std::vector<float> all;
    source.visit_logits(trunk_of(2, 200), [&](int64_t position, const float* logits) {
      CHECK(position == static_cast<int64_t>(all.size()) / 97);
      all.insert(all.end(), logits, logits + 97);
    });
    return all;
  };
  const std::vector<float> a = logits_of(*engine), b = logits_of(*cpu_engine(config, checkpoint));
  CHECK(a.size() == 200 * 97 && a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) CHECK(std::abs(a[i] - b[i]) < 1e-4);
  while (engine->run_iteration()) {
  }
  CHECK(outcome.result.has_value());
}

TEST("weights that overflow fail the request by name and leave the engine in order") {
  if (!testing::has_accelerator()) return;
  ModelConfig config = testing::random_config();
  config.norm_epsilon = 1e-5f;
  config.rope_scale = std::numeric_limits<float>::infinity();
  const testing::RandomCheckpoint checkpoint(config);
  const auto stats = std::make_shared<EngineStats>();
  const auto engine = accelerator_engine(config, checkpoint, small_options(), stats);
  const std::vector<Outcome> outcomes = run(*engine, {request_of(1, 20, {{20, 4, 0, 0, 0}}, 20)});
  CHECK(outcomes[0].error.find("Expected finite logits") == 0);
  CHECK(stats->kv_bytes == 0 && stats->running == 0 && stats->waiting == 0);
}

TEST("memory for keys and values that holds no two blocks is refused") {
  if (!testing::has_accelerator()) return;
  const ModelConfig config = testing::random_config();
  const testing::RandomCheckpoint checkpoint(config);
  AcceleratorEngineOptions options = small_options();
  options.kv_memory_bytes = 100;
  CHECK_THROWS(accelerator_engine(config, checkpoint, options), "at least 2 blocks");
}
