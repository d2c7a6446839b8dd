// The scheduler under random loads, driven by a model that only looks: each slot of key-value memory holds the token it
// was computed for, so a block that was taken away, mixed up or never computed shows when it is read.
#include "engine/scheduler.h"

#include <cstring>
#include <map>
#include <random>

#include "core/error.h"
#include "core/philox.h"
#include "core/testing.h"
#include "model/kv_cache.h"

namespace {

using namespace erprm;

ModelConfig tiny_config() {
  ModelConfig config{};
  config.num_layers = config.num_heads = config.num_kv_heads = 1;
  config.head_size = 16;
  return config;
}

constexpr int64_t kBlockBytes = int64_t{4} * 2 * kKvTokens * 16;
constexpr int32_t kContext = 300;

// Never 0, which is what fresh memory holds.
int32_t token_of(uint64_t request, int32_t row, int32_t index) {
  return static_cast<int32_t>(mix64((request << 40) ^ (static_cast<uint64_t>(row + 1) << 20) ^ index) >> 40) + 1;
}

// Tokens of a completion before it ends; some end with their first one.
int32_t length_of(uint64_t request, int32_t row, int32_t most) {
  return 1 + static_cast<int32_t>(mix64(request * 1000 + row) % static_cast<uint64_t>(most));
}

struct Outcome {
  int finished = 0, failed = 0;
};

class LookingEngine {
 public:
  LookingEngine(SchedulerLimits limits, int64_t num_blocks)
      : limits_(limits), pool_(tiny_config(), num_blocks * kBlockBytes), scheduler_(limits, pool_) {}

  std::shared_ptr<RolloutRequest> submit(uint64_t id, int32_t trunk_length, std::vector<PrefixGroup> groups,
                                         int32_t max_tokens) {
    auto request = std::make_shared<RolloutRequest>();
    for (int32_t i = 0; i < trunk_length; ++i) request->trunk.push_back(token_of(id, -1, i));
    request->groups = std::move(groups);
    request->problem_key = id;
    request->max_tokens = max_tokens;
    request->on_finish = [this, id, wanted = std::weak_ptr(request)](RolloutResult result) {
      ++outcomes[id].finished;
      check_result(*wanted.lock(), result);
    };
    request->on_fail = [this, id](std::exception_ptr) { ++outcomes[id].failed; };
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
    ForwardBatch batch;
    std::vector<OutputRow> outputs;
    scheduler_.plan(batch, outputs);
    check_limits(batch);
    for (const ForwardRow& row : batch.rows)
      std::memcpy(row.write_block + row.write_slot, &row.token, sizeof row.token);
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
    scheduler_.deliver();
    return scheduler_.has_work();
  }

  Scheduler& scheduler() { return scheduler_; }
  const KvBlockPool& pool() const { return pool_; }

  std::map<uint64_t, Outcome> outcomes;
  int64_t rows_computed = 0;

 private:
  void draw(Completion* completion) {
    const uint64_t id = completion->trunk->request->problem_key;
    const int32_t most = scheduler_.max_tokens(*completion->trunk, completion->group);
    completion->tokens.push_back(token_of(id, completion->row, static_cast<int32_t>(completion->tokens.size())));
    completion->log_probabilities.push_back(0.0f);
    if (static_cast<int32_t>(completion->tokens.size()) < length_of(id, completion->row, most)) return;
    scheduler_.retire(completion, FinishReason::kStop);
  }

  void check_limits(const ForwardBatch& batch) const {
    CHECK(pool_.used_bytes() <= pool_.num_blocks() * kBlockBytes);
    CHECK(scheduler_.num_running() <= limits_.max_batch);
    CHECK(static_cast<int64_t>(batch.rows.size()) <= int64_t{limits_.max_batch} + limits_.prefill_chunk);
  }

  // What the row may see is its prefix and its own tokens up to this one.
  static void look(const ForwardRow& row, const OutputRow& output) {
    const RolloutRequest& request =
        output.trunk != nullptr ? *output.trunk->request : *output.completion->trunk->request;
    CHECK(row.trunk_limit ==
          request.groups[output.trunk != nullptr ? output.group : output.completion->group].prefix_length);
    const auto stored = [](float* const* blocks, int32_t i) {
      int32_t token;
      std::memcpy(&token, blocks[i / kKvTokens] + i % kKvTokens, sizeof token);
      return token;
    };
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

  static void check_result(const RolloutRequest& request, const RolloutResult& result) {
    CHECK(result.tokens.num_rows() == request.num_completions());
    int32_t row = 0;
    for (const PrefixGroup& group : request.groups) {
      const int32_t most = std::min(request.max_tokens, kContext - group.prefix_length);
      for (int32_t c = 0; c < group.num_completions; ++c, ++row) {
        const auto tokens = result.tokens.row(row);
        CHECK(static_cast<int32_t>(tokens.size()) == length_of(request.problem_key, row, most));
        for (size_t i = 0; i < tokens.size(); ++i) {
          CHECK(tokens[i] == token_of(request.problem_key, row, static_cast<int32_t>(i)));
        }
      }
    }
  }

  const SchedulerLimits limits_;
  KvBlockPool pool_;
  Scheduler scheduler_;
};

// One random life of an engine: requests come, are cancelled and fail, other work takes memory in between.
void run_random_load(uint32_t seed) {
  std::mt19937 bits(seed);
  const auto below = [&](int n) { return static_cast<int>(bits() % static_cast<uint32_t>(n)); };
  // From as little memory as one request may need (a trunk and a completion, 5 blocks each) to more than enough.
  const int64_t num_blocks = below(2) == 0 ? 10 + below(4) : 10 + below(100);
  LookingEngine engine({1 + below(below(2) == 0 ? 4 : 40), 1 + below(200), kContext}, num_blocks);
  const int num_requests = 1 + below(12);
  std::vector<std::shared_ptr<RolloutRequest>> requests;
  std::map<uint64_t, bool> cancelled, failed;
  int64_t iterations = 0;
  bool more = true;
  while (more || static_cast<int>(requests.size()) < num_requests) {
    if (static_cast<int>(requests.size()) < num_requests && (!more || below(10) == 0)) {
      const int32_t trunk = 1 + below(280);
      std::vector<PrefixGroup> groups;
      for (int g = 1 + below(4); g > 0; --g) groups.push_back({1 + below(trunk), 1 + below(12), 0, 0, 0});
      requests.push_back(engine.submit(requests.size(), trunk, groups, 1 + below(below(3) == 0 ? 3 : 300)));
    }
    if (below(150) == 0 && !requests.empty()) {
      const auto& unlucky = requests[static_cast<size_t>(below(static_cast<int>(requests.size())))];
      unlucky->cancelled = cancelled[unlucky->problem_key] = true;
    }
    if (below(300) == 0) engine.scheduler().make_room(1 + below(static_cast<int>(num_blocks)));
    more = engine.iterate();
    CHECK(++iterations < 200000);
  }
  CHECK(engine.pool().used_bytes() == 0);
  CHECK(engine.scheduler().num_running() == 0 && engine.scheduler().num_waiting() == 0);
  CHECK(engine.scheduler().prompt_tokens + engine.scheduler().recomputed_tokens <= engine.rows_computed);
  for (const auto& request : requests) {
    const Outcome outcome = engine.outcomes[request->problem_key];
    CHECK(outcome.failed == 0);
    CHECK(outcome.finished == 1 || (outcome.finished == 0 && cancelled[request->problem_key]));
  }
}

}  // namespace

TEST("random loads in little memory: every completion finishes with its tokens and every block comes back") {
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    try {
      run_random_load(seed);
    } catch (const std::exception& error) {
      throw testing::Failure(concat("seed ", seed, ": ", error.what()));
    }
  }
}

TEST("an older request is not held up by younger ones when memory is scarce") {
  LookingEngine engine({64, 1000, kContext}, 10);
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
  LookingEngine engine({8, 50, kContext}, 20);
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
  LookingEngine engine({8, 400, kContext}, 20);
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
  LookingEngine engine({8, 400, kContext}, 20);
  CHECK_THROWS(engine.submit(1, 10, {{10, 1 << 30, 0, 0, 0}}, 2), "at most 2147483647 tokens together");
  CHECK_THROWS(engine.submit(2, 10, {{10, 1 << 30, 0, 0, 0}, {10, 1 << 30, 0, 0, 0}, {9, 1 << 30, 0, 0, 0}}, 1),
               "at most 2147483647 tokens together");
  CHECK(!engine.scheduler().has_work());
}
