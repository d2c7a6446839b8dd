// The scheduler's plans for bursts under random loads, driven by a model that only looks (scheduler_cases.h): a block
// that was not reserved for what a burst draws shows when it is written.
#include "engine/scheduler_cases.h"

namespace {

using namespace erprm;
using namespace erprm::testing;

class BurstEngine : public LookingEngine {
 public:
  using LookingEngine::LookingEngine;

 private:
  void compute() override {
    const BurstPlan plan = scheduler().plan_burst();
    int32_t total = 0;
    for (const WholeSequence& sequence : plan.sequences) total += store_whole(sequence);
    CHECK(total <= limits().prefill_chunk || plan.sequences.size() == 1);
    CHECK(static_cast<int32_t>(plan.completions.size()) <= limits().max_batch);
    for (Completion* completion : plan.completions) burst(completion);
  }

  static void store_at(const std::vector<KvBlock>& blocks, int32_t i, int32_t token) {
    store(blocks.at(static_cast<size_t>(i / kKvTokens)), i % kKvTokens, token);
  }

  // Returns the tokens computed for it.
  static int32_t store_whole(const WholeSequence& sequence) {
    Trunk& trunk = *sequence.trunk;
    if (sequence.completion == nullptr) {
      for (int32_t i = 0; i < trunk.length(); ++i) store_at(trunk.blocks, i, trunk.request->trunk[i]);
      for (const int32_t g : sequence.groups) {
        CHECK(trunk.group_logits[g].empty());
        trunk.group_logits[g] = {1.0f};
      }
      return trunk.length();
    }
    const Completion& completion = *sequence.completion;
    for (int32_t i = 0; i < completion.computed; ++i) store_at(completion.blocks, i, completion.tokens[i]);
    return trunk.request->groups[completion.group].prefix_length + completion.computed;
  }

  void burst(Completion* completion) {
    const Trunk& trunk = *completion->trunk;
    const int32_t prefix = trunk.request->groups[completion->group].prefix_length;
    CHECK(completion->computed + 1 == static_cast<int32_t>(completion->tokens.size()));
    for (int32_t i = 0; i < prefix; ++i) CHECK(stored(trunk.blocks.data(), i) == trunk.request->trunk[i]);
    for (int32_t drawn = 0; drawn < limits().tokens_ahead; ++drawn) {
      const int32_t last = static_cast<int32_t>(completion->tokens.size()) - 1;
      store_at(completion->blocks, last, completion->tokens[last]);
      for (int32_t i = 0; i <= last; ++i) CHECK(stored(completion->blocks.data(), i) == completion->tokens[i]);
      if (!draw(completion)) return;
    }
    scheduler().count_computed(*completion, limits().tokens_ahead);
  }
};

}  // namespace

TEST("bursts under random loads in little memory: every completion finishes with its tokens in blocks of its own") {
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    try {
      run_random_load(seed, {400, 4, 60, 100, true}, [](SchedulerLimits limits, int64_t blocks) {
        return std::make_unique<BurstEngine>(limits, blocks);
      });
    } catch (const std::exception& error) {
      throw testing::Failure(concat("seed ", seed, ": ", error.what()));
    }
  }
}

TEST("a burst's blocks are reserved before it, and none beyond a completion's last token") {
  BurstEngine engine({8, 400, kContext, 16}, 20);
  engine.submit(1, 64, {{64, 1, 0, 0, 0}}, 65);
  engine.iterate();
  const auto fresh = engine.scheduler().start_completions();
  CHECK(fresh.size() == 1);
  for (int32_t i = 0; i < 49; ++i) fresh[0]->tokens.push_back(1);
  fresh[0]->computed = 48;
  engine.scheduler().plan_burst();
  CHECK(fresh[0]->blocks.size() == 1);  // 49 + 15 tokens
  fresh[0]->tokens.push_back(1);
  fresh[0]->computed = 49;
  engine.scheduler().plan_burst();
  CHECK(fresh[0]->blocks.size() == 2);
  for (int32_t i = 50; i < 64; ++i) fresh[0]->tokens.push_back(1);
  fresh[0]->computed = 63;
  engine.scheduler().plan_burst();
  CHECK(fresh[0]->blocks.size() == 2);  // of 65 tokens at most
}
