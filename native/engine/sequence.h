// The two kinds of token sequences the engine keeps: trunks, computed once, and completions that hang on them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "engine/request.h"
#include "engine/token_bytes.h"
#include "model/block_pool.h"

namespace erprm {

struct Trunk;

// One completion in progress.
//
//   waiting --start--> running --stop or length--> finished
//      ^                  |
//      +----preempted-----+   (its blocks are taken away, its tokens kept and fed again later)
struct Completion {
  Trunk* trunk;
  int32_t group;
  int32_t index;  // within its group
  int32_t row;    // among the completions of its request
  std::vector<int32_t> tokens;
  std::vector<float> log_probabilities;
  std::vector<KvBlock> blocks;
  int32_t computed = 0;      // tokens whose keys and values are stored
  int32_t was_computed = 0;  // the most `computed` ever was: below it, work is recomputation
  StopMatcher stop;
};

// A request's token string, its key-value blocks, and the completions not yet started.
struct Trunk {
  std::shared_ptr<RolloutRequest> request;
  int64_t number;  // of its submission: the lower, the older
  std::vector<KvBlock> blocks;
  int32_t computed = 0;
  int32_t was_computed = 0;
  // Logits at the end of each group's prefix, f32 [vocabulary], or on an accelerator the final hidden state, f32
  // [hidden], that they are made of: the first token of every completion of the group is drawn from them without a
  // forward pass. There from when the prefix was computed until all of them have started.
  std::vector<std::vector<float>> group_logits;
  std::vector<int32_t> group_rows;     // row of each group's first completion
  std::vector<int32_t> next_in_group;  // completions started, by group
  std::deque<std::unique_ptr<Completion>> preempted;
  int32_t num_running = 0;
  int64_t num_unfinished = 0;
  // Finished completions, by row.
  std::vector<std::vector<int32_t>> tokens;
  std::vector<std::vector<float>> log_probabilities;
  std::vector<uint8_t> finish_reasons;

  int32_t length() const { return static_cast<int32_t>(request->trunk.size()); }
  bool ready() const { return computed == length(); }
};

}  // namespace erprm
