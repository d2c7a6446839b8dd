// What the engine is asked for and what it gives back. A request is one trunk and the completions of its prefixes.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <vector>

#include "core/ragged.h"
#include "kernels/kernel_table.h"

namespace erprm {

// Completions of trunk[0 .. prefix_length).
struct PrefixGroup {
  int32_t prefix_length;
  int32_t num_completions;
  // Coordinates of the random stream; completion c of the group draws from first_completion + c.
  uint32_t solution;
  uint32_t step;
  uint32_t first_completion;
};

enum class FinishReason : uint8_t { kStop = 0, kLength = 1 };

struct RolloutResult {
  Ragged<int32_t> tokens;  // one row a completion, ordered by group, then completion
  std::vector<float> log_probabilities;
  std::vector<uint8_t> finish_reasons;
};

// What one iteration sampled for one request, for those who do not want to wait for its result. T tokens, those of one
// completion in their order.
struct FreshTokens {
  std::vector<int32_t> rows;             // [T] the completion's row of the result
  std::vector<int32_t> tokens;           // [T]
  std::vector<float> log_probabilities;  // [T]
  std::vector<uint8_t> endings;          // [T] 0: its completion goes on; else 1 + the FinishReason it ends for
  // [T, A] the A most probable tokens in each place, most probable first, and their log-probabilities.
  std::vector<int32_t> alternatives;
  std::vector<float> alternative_log_probabilities;
};

struct RolloutRequest {
  std::vector<int32_t> trunk;
  std::vector<PrefixGroup> groups;
  uint64_t seed = 0;
  uint64_t problem_key = 0;
  SamplingOptions sampling{};
  int32_t max_tokens = 0;
  std::vector<int32_t> stop_tokens;
  std::vector<std::vector<uint8_t>> stop_strings;

  // Set by any thread; the engine drops the request before its next iteration and calls neither callback.
  std::atomic<bool> cancelled{false};
  // Device thread; exactly one of the two is called, once, unless the request was cancelled.
  std::function<void(RolloutResult)> on_finish;
  std::function<void(std::exception_ptr)> on_fail;
  // Empty: nobody listens. Device thread, after each iteration that sampled something, before on_finish.
  std::function<void(FreshTokens)> on_tokens;
  int32_t num_alternatives = 0;  // A: wanted with every token that is handed out
  FreshTokens fresh;             // device thread only: what on_tokens has not been given yet

  int64_t num_completions() const {
    int64_t total = 0;
    for (const PrefixGroup& group : groups) total += group.num_completions;
    return total;
  }
};

}  // namespace erprm
