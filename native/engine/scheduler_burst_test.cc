// The scheduler's plans for bursts under random loads, driven by a model that only looks: each slot of key-value memory
// holds the token it was computed for, so a block that was taken away, mixed up, never computed or not reserved shows
// when it is read or written.
#include <algorithm>
#include <cstring>
#include <map>
#include <random>

#include "core/error.h"
#include "core/philox.h"
#include "core/testing.h"
#include "engine/scheduler.h"
#include "model/kv_cache.h"

namespace {

using namespace erprm;

constexpr int32_t kContext = 300;

ModelConfig tiny_config() {
  ModelConfig config{};
  config.num_layers = config.num_heads = config.num_kv_heads = 1;
  config.head_size = 16;
  return config;
}

// Never 0, which is what fresh memory holds.
int32_t token_of(uint64_t request, int32_t row, int32_t index) {
  return static_cast<int32_t>(mix64((request << 40) ^ (static_cast<uint64_t>(row + 1) << 20) ^ index) >> 40) + 1;
}

int32_t length_of(uint64_t request, int32_t row, int32_t most) {
  return 1 + static_cast<int32_t>(mix64(request * 1000 + row) % static_cast<uint64_t>(most));
}

class BurstEngine {
 public:
  BurstEngine(SchedulerLimits limits, int64_t num_blocks)
      : limits_(limits), pool_(tiny_config(), num_blocks * 4 * 2 * kKvTokens * 16), scheduler_(limits, pool_) {}

  std::shared_ptr<RolloutRequest> submit(uint64_t id, int32_t trunk_length, std::vector<PrefixGroup> groups,
                                         int32_t max_tokens) {
    auto request = std::make_shared<RolloutRequest>();
    for (int32_t i = 0; i < trunk_length; ++i) request->trunk.push_back(token_of(id, -1, i));
    request->groups = std::move(groups);
    request->problem_key = id;
    request->max_tokens = max_tokens;
    request->on_finish = [this, id](const RolloutResult& result) {
      ++finished[id];
      for (int32_t row = 0; row < result.tokens.num_rows(); ++row) {
        for (size_t i = 0; i < result.tokens.row(row).size(); ++i) {
          CHECK(result.tokens.row(row)[i] == token_of(id, row, static_cast<int32_t>(i)));
        }
      }
    };
    request->on_fail = [](const std::exception_ptr&) { CHECK(false); };
    scheduler_.submit(request);
    return request;
  }

  bool iterate() {
    scheduler_.drop_cancelled();
    for (auto fresh = scheduler_.start_completions(); !fresh.empty(); fresh = scheduler_.start_completions()) {
      for (Completion* completion : fresh) {
        CHECK(completion->trunk->group_logits[completion->group].size() == 1);
        draw(completion);
      }
    }
    const BurstPlan plan = scheduler_.plan_burst();
    int32_t total = 0;
    for (const WholeSequence& sequence : plan.sequences) total += store_whole(sequence);
    CHECK(total <= limits_.prefill_chunk || plan.sequences.size() == 1);
    CHECK(static_cast<int32_t>(plan.completions.size()) <= limits_.max_batch);
    for (Completion* completion : plan.completions) burst(completion);
    scheduler_.deliver();
    return scheduler_.has_work();
  }

  Scheduler& scheduler() { return scheduler_; }
  const KvBlockPool& pool() const { return pool_; }

  std::map<uint64_t, int> finished;

 private:
  // Whether the completion goes on.
  bool draw(Completion* completion) {
    const uint64_t id = completion->trunk->request->problem_key;
    const int32_t most = scheduler_.max_tokens(*completion->trunk, completion->group);
    completion->tokens.push_back(token_of(id, completion->row, static_cast<int32_t>(completion->tokens.size())));
    completion->log_probabilities.push_back(0.0f);
    if (static_cast<int32_t>(completion->tokens.size()) < length_of(id, completion->row, most)) return true;
    scheduler_.retire(completion, FinishReason::kStop);
    return false;
  }

  static void store(const std::vector<KvBlock>& blocks, int32_t i, int32_t token) {
    std::memcpy(blocks.at(static_cast<size_t>(i / kKvTokens)) + i % kKvTokens, &token, sizeof token);
  }

  static int32_t stored(const std::vector<KvBlock>& blocks, int32_t i) {
    int32_t token;
    std::memcpy(&token, blocks.at(static_cast<size_t>(i / kKvTokens)) + i % kKvTokens, sizeof token);
    return token;
  }

  // Returns the tokens computed for it.
  static int32_t store_whole(const WholeSequence& sequence) {
    Trunk& trunk = *sequence.trunk;
    if (sequence.completion == nullptr) {
      for (int32_t i = 0; i < trunk.length(); ++i) store(trunk.blocks, i, trunk.request->trunk[i]);
      for (const int32_t g : sequence.groups) {
        CHECK(trunk.group_logits[g].empty());
        trunk.group_logits[g] = {1.0f};
      }
      return trunk.length();
    }
    const Completion& completion = *sequence.completion;
    for (int32_t i = 0; i < completion.computed; ++i) store(completion.blocks, i, completion.tokens[i]);
    return trunk.request->groups[completion.group].prefix_length + completion.computed;
  }

  void burst(Completion* completion) {
    const Trunk& trunk = *completion->trunk;
    const int32_t prefix = trunk.request->groups[completion->group].prefix_length;
    CHECK(completion->computed + 1 == static_cast<int32_t>(completion->tokens.size()));
    for (int32_t i = 0; i < prefix; ++i) CHECK(stored(trunk.blocks, i) == trunk.request->trunk[i]);
    for (int32_t drawn = 0; drawn < limits_.tokens_ahead; ++drawn) {
      const int32_t last = static_cast<int32_t>(completion->tokens.size()) - 1;
      store(completion->blocks, last, completion->tokens[last]);
      for (int32_t i = 0; i <= last; ++i) CHECK(stored(completion->blocks, i) == completion->tokens[i]);
      if (!draw(completion)) return;
    }
    scheduler_.count_computed(*completion, limits_.tokens_ahead);
  }

  const SchedulerLimits limits_;
  KvBlockPool pool_;
  Scheduler scheduler_;
};

void run_random_load(uint32_t seed) {
  std::mt19937 bits(seed);
  const auto below = [&](int n) { return static_cast<int>(bits() % static_cast<uint32_t>(n)); };
  // From as little memory as one request may need (a trunk and a completion, 5 blocks each) to more than enough.
  const int64_t num_blocks = below(2) == 0 ? 10 + below(4) : 10 + below(100);
  BurstEngine engine({1 + below(below(2) == 0 ? 4 : 40), 1 + below(400), kContext, 1 + below(kKvTokens)}, num_blocks);
  const int num_requests = 1 + below(12);
  std::vector<std::shared_ptr<RolloutRequest>> requests;
  std::map<uint64_t, bool> cancelled;
  int64_t iterations = 0;
  bool more = true;
  while (more || static_cast<int>(requests.size()) < num_requests) {
    if (static_cast<int>(requests.size()) < num_requests && (!more || below(4) == 0)) {
      const int32_t trunk = 1 + below(280);
      std::vector<PrefixGroup> groups;
      for (int g = 1 + below(4); g > 0; --g) groups.push_back({1 + below(trunk), 1 + below(12), 0, 0, 0});
      requests.push_back(engine.submit(requests.size(), trunk, groups, 1 + below(below(3) == 0 ? 3 : 300)));
    }
    if (below(60) == 0 && !requests.empty()) {
      const auto& unlucky = requests[static_cast<size_t>(below(static_cast<int>(requests.size())))];
      unlucky->cancelled = cancelled[unlucky->problem_key] = true;
    }
    if (below(100) == 0) engine.scheduler().make_room(1 + below(static_cast<int>(num_blocks)));
    more = engine.iterate();
    CHECK(++iterations < 200000);
  }
  CHECK(engine.pool().used_bytes() == 0);
  CHECK(engine.scheduler().num_running() == 0 && engine.scheduler().num_waiting() == 0);
  for (const auto& request : requests) {
    const int finished = engine.finished[request->problem_key];
    CHECK(finished == 1 || (finished == 0 && cancelled[request->problem_key]));
  }
}

}  // namespace

TEST("bursts under random loads in little memory: every completion finishes with its tokens in blocks of its own") {
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    try {
      run_random_load(seed);
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
