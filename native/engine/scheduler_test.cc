// The scheduler's plans of single tokens under random loads, driven by a model that only looks (scheduler_cases.h).
#include "engine/scheduler.h"

#include "engine/scheduler_cases.h"

namespace {

using namespace erprm;
using namespace erprm::testing;

class TokenEngine : public LookingEngine {
 public:
  using LookingEngine::LookingEngine;

  int64_t rows_computed = 0;

 private:
  void compute() override {
    ForwardBatch batch;
    std::vector<OutputRow> outputs;
    scheduler().plan(batch, outputs);
    check_limits(batch);
    for (const ForwardRow& row : batch.rows) store(row.write_block, row.write_slot, row.token);
    CHECK(batch.outputs.size() == outputs.size());
    for (size_t i = 0; i < outputs.size(); ++i) look(batch.rows[batch.outputs[i]], outputs[i]);
    for (const OutputRow& output : outputs) {
      if (output.trunk != nullptr) {
        output.trunk->group_logits[output.group] = {1.0f};
      } else {
        draw(output.completion);
      }
    }
    rows_computed += static_cast<int64_t>(batch.rows.size());
  }

  void check_limits(const ForwardBatch& batch) {
    CHECK(pool().used_bytes() <= pool().num_blocks() * kBlockBytes);
    CHECK(scheduler().num_running() <= limits().max_batch);
    CHECK(static_cast<int64_t>(batch.rows.size()) <= int64_t{limits().max_batch} + limits().prefill_chunk);
  }

  // What the row may see is its prefix and its own tokens up to this one.
  static void look(const ForwardRow& row, const OutputRow& output) {
    const RolloutRequest& request =
        output.trunk != nullptr ? *output.trunk->request : *output.completion->trunk->request;
    CHECK(row.trunk_limit ==
          request.groups[output.trunk != nullptr ? output.group : output.completion->group].prefix_length);
    for (int32_t i = 0; i < row.trunk_limit; ++i) CHECK(stored(row.trunk_blocks, i) == request.trunk[i]);
    if (output.completion == nullptr) {
      CHECK(row.own_limit == 0 && row.position == row.trunk_limit - 1);
      return;
    }
    const std::vector<int32_t>& tokens = output.completion->tokens;
    CHECK(row.own_limit == static_cast<int32_t>(tokens.size()));
    CHECK(row.position == row.trunk_limit + row.own_limit - 1);
    for (int32_t i = 0; i < row.own_limit; ++i) CHECK(stored(row.own_blocks, i) == tokens[i]);
  }
};

}  // namespace

TEST("random loads in little memory: every completion finishes with its tokens and every block comes back") {
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    try {
      const auto engine = run_random_load(seed, {200, 10, 150, 300, false}, [](SchedulerLimits limits, int64_t blocks) {
        return std::make_unique<TokenEngine>(limits, blocks);
      });
      const auto& computed = static_cast<const TokenEngine&>(*engine);
      CHECK(engine->scheduler().prompt_tokens + engine->scheduler().recomputed_tokens <= computed.rows_computed);
    } catch (const std::exception& error) {
      throw testing::Failure(concat("seed ", seed, ": ", error.what()));
    }
  }
}

TEST("an older request is not held up by younger ones when memory is scarce") {
  TokenEngine engine({64, 1000, kContext}, 10);
  // Four blocks of trunk and two for a completion; then forty completions of one block each that arrive later.
  engine.submit(1, 256, {{250, 3, 0, 0, 0}}, 50);
  engine.submit(2, 10, {{10, 40, 0, 0, 0}}, 50);
  for (int i = 0; engine.outcomes[1].finished == 0; ++i) {
    CHECK(engine.outcomes[2].finished == 0);
    CHECK(engine.iterate());
    // Everything is taken away: what was older before is older after.
    if (i % 10 == 9) engine.scheduler().make_room(engine.pool().num_blocks());
  }
  while (engine.iterate()) {
  }
  CHECK(engine.outcomes[2].finished == 1);
}

TEST("a failed request gives its blocks back and the others finish") {
  TokenEngine engine({8, 50, kContext}, 20);
  const auto bad = engine.submit(1, 100, {{60, 4, 0, 0, 0}, {100, 4, 0, 0, 0}}, 100);
  engine.submit(2, 100, {{80, 4, 0, 0, 0}}, 100);
  for (int i = 0; i < 5; ++i) engine.iterate();
  engine.scheduler().fail(bad.get(), std::make_exception_ptr(Error(ErrorCode::NUMERICAL, "not finite")));
  while (engine.iterate()) {
  }
  CHECK(engine.outcomes[1].failed == 1 && engine.outcomes[1].finished == 0);
  CHECK(engine.outcomes[2].finished == 1);
  CHECK(engine.pool().used_bytes() == 0);
}

TEST("the logits of a prefix are kept no longer than completions start from them") {
  TokenEngine engine({8, 400, kContext}, 20);
  engine.submit(1, 100, {{100, 4, 0, 0, 0}}, 100);
  engine.iterate();
  const Completion* running = nullptr;
  {
    const auto fresh = engine.scheduler().start_completions();
    CHECK(fresh.size() == 4);
    running = fresh[0];
    for (Completion* completion : fresh) completion->tokens.push_back(1);
  }
  CHECK(running->trunk->group_logits[0].size() == 1);
  ForwardBatch batch;
  std::vector<OutputRow> outputs;
  engine.scheduler().plan(batch, outputs);
  CHECK(running->trunk->group_logits[0].capacity() == 0);
  CHECK(outputs.size() == 4);
}

TEST("more tokens than one result can index are refused") {
  TokenEngine engine({8, 400, kContext}, 20);
  CHECK_THROWS(engine.submit(1, 10, {{10, 1 << 30, 0, 0, 0}}, 2), "at most 2147483647 tokens together");
  CHECK_THROWS(engine.submit(2, 10, {{10, 1 << 30, 0, 0, 0}, {10, 1 << 30, 0, 0, 0}, {9, 1 << 30, 0, 0, 0}}, 1),
               "at most 2147483647 tokens together");
  CHECK(!engine.scheduler().has_work());
}
