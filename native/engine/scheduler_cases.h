// What the tests of the scheduler share: random loads for an engine whose model only looks. Each slot of key-value
// memory holds the token it was computed for, so a block that was taken away, mixed up or never computed shows when it
// is read.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "core/error.h"
#include "core/philox.h"
#include "core/testing.h"
#include "engine/scheduler.h"
#include "model/kv_cache.h"

namespace erprm::testing {

constexpr int64_t kBlockBytes = int64_t{4} * 2 * kKvTokens * 16;
constexpr int32_t kContext = 300;

inline ModelConfig looking_config() {
  ModelConfig config{};
  config.num_layers = config.num_heads = config.num_kv_heads = 1;
  config.head_size = 16;
  return config;
}

// Never 0, which is what fresh memory holds.
inline int32_t token_of(uint64_t request, int32_t row, int32_t index) {
  return static_cast<int32_t>(mix64((request << 40) ^ (static_cast<uint64_t>(row + 1) << 20) ^ index) >> 40) + 1;
}

// Tokens of a completion before it ends; some end with their first one.
inline int32_t length_of(uint64_t request, int32_t row, int32_t most) {
  return 1 + static_cast<int32_t>(mix64(request * 1000 + row) % static_cast<uint64_t>(most));
}

struct Outcome {
  int finished = 0, failed = 0;
};

class LookingEngine {
 public:
  LookingEngine(SchedulerLimits limits, int64_t num_blocks)
      : limits_(limits), pool_(looking_config(), num_blocks * kBlockBytes), scheduler_(limits, pool_) {}
  virtual ~LookingEngine() = default;
  LookingEngine(const LookingEngine&) = delete;
  LookingEngine& operator=(const LookingEngine&) = delete;

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
    compute();
    scheduler_.deliver();
    return scheduler_.has_work();
  }

  Scheduler& scheduler() { return scheduler_; }
  const KvBlockPool& pool() const { return pool_; }
  const SchedulerLimits& limits() const { return limits_; }

  std::map<uint64_t, Outcome> outcomes;

 protected:
  // What is planned next, stored and looked at.
  virtual void compute() = 0;

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

  static void store(KvBlock block, int32_t slot, int32_t token) { std::memcpy(block + slot, &token, sizeof token); }

  static int32_t stored(const KvBlock* blocks, int32_t i) {
    int32_t token;
    std::memcpy(&token, blocks[i / kKvTokens] + i % kKvTokens, sizeof token);
    return token;
  }

 private:
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

// How often things happen: one iteration in so many.
struct Load {
  int most_prefill;
  int submits, cancels, takes_memory;
  bool bursts;  // tokens_ahead is more than 1
};

using MakeEngine = std::function<std::unique_ptr<LookingEngine>(SchedulerLimits limits, int64_t num_blocks)>;

// One random life of an engine: requests come, are cancelled and fail, other work takes memory in between. Checks that
// every completion finishes with its tokens and every block comes back.
inline std::unique_ptr<LookingEngine> run_random_load(uint32_t seed, const Load& load, const MakeEngine& make) {
  std::mt19937 bits(seed);
  const auto below = [&](int n) { return static_cast<int>(bits() % static_cast<uint32_t>(n)); };
  // From as little memory as one request may need (a trunk and a completion, 5 blocks each) to more than enough.
  const int64_t num_blocks = below(2) == 0 ? 10 + below(4) : 10 + below(100);
  const int max_batch = 1 + below(below(2) == 0 ? 4 : 40), prefill = 1 + below(load.most_prefill);
  auto engine = make({max_batch, prefill, kContext, load.bursts ? 1 + below(kKvTokens) : 1}, num_blocks);
  const int num_requests = 1 + below(12);
  std::vector<std::shared_ptr<RolloutRequest>> requests;
  std::map<uint64_t, bool> cancelled;
  int64_t iterations = 0;
  bool more = true;
  while (more || static_cast<int>(requests.size()) < num_requests) {
    if (static_cast<int>(requests.size()) < num_requests && (!more || below(load.submits) == 0)) {
      const int32_t trunk = 1 + below(280);
      std::vector<PrefixGroup> groups;
      for (int g = 1 + below(4); g > 0; --g) groups.push_back({1 + below(trunk), 1 + below(12), 0, 0, 0});
      requests.push_back(engine->submit(requests.size(), trunk, groups, 1 + below(below(3) == 0 ? 3 : 300)));
    }
    if (below(load.cancels) == 0 && !requests.empty()) {
      const auto& unlucky = requests[static_cast<size_t>(below(static_cast<int>(requests.size())))];
      unlucky->cancelled = cancelled[unlucky->problem_key] = true;
    }
    if (below(load.takes_memory) == 0) engine->scheduler().make_room(1 + below(static_cast<int>(num_blocks)));
    more = engine->iterate();
    CHECK(++iterations < 200000);
  }
  CHECK(engine->pool().used_bytes() == 0);
  CHECK(engine->scheduler().num_running() == 0 && engine->scheduler().num_waiting() == 0);
  for (const auto& request : requests) {
    const Outcome outcome = engine->outcomes[request->problem_key];
    CHECK(outcome.failed == 0);
    CHECK(outcome.finished == 1 || (outcome.finished == 0 && cancelled[request->problem_key]));
  }
  return engine;
}

}  // namespace erprm::testing
