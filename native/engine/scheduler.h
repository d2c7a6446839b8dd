// Scheduler: which trunks hold memory, which completions run, which token rows go into the next forward pass.
// It handles blocks as opaque addresses and holds no tensors.
//
// Rules
// - First come, first served. A trunk is admitted when its blocks are free and the running completions are about to use
//   up what admitted trunks still have to start. A completion starts when its blocks are free, and none before an older
//   one that waits for memory.
// - A completion takes a block when its next token needs one. When none is free, the youngest trunk gives way: its
//   completions are preempted, the youngest first, then the trunk itself is evicted. So memory never moves from an
//   older request to a younger one, and the oldest always gets on; a request that could not finish even alone is
//   refused on submission.
// - Preempted work is computed again. Its draws are the same, because they are counters, and on the CPU so are the bits
//   of its keys and values, because rows are independent. On a card they were computed by decoding and are now computed
//   by a packed pass: the same but for the rounding of their type.
// Thread: device thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "engine/sequence.h"
#include "model/block_pool.h"
#include "model/forward_batch.h"

namespace erprm {

struct SchedulerLimits {
  int32_t max_batch;       // completions that run at the same time
  int32_t prefill_chunk;   // rows beyond one a completion in a forward pass
  int32_t context_length;  // tokens of prefix and completion together
  // Tokens that each running completion may get before the next plan: it holds blocks for them. At most kKvTokens.
  int32_t tokens_ahead = 1;
};

// What the outputs of a ForwardBatch stand for, in order.
struct OutputRow {
  Trunk* trunk;  // set: the logits at the end of `group`'s prefix
  int32_t group;
  Completion* completion;  // set: the logits for the completion's next token
};

// A sequence that is to be computed whole: a trunk; or, after a preemption, a completion's prefix and all its tokens
// but the last, of which only the completion's own are stored.
struct WholeSequence {
  Trunk* trunk;
  Completion* completion;       // null: the trunk itself
  std::vector<int32_t> groups;  // of a trunk: those whose prefix's last hidden state is wanted
};

// What an engine computes that decodes several tokens at a time.
struct BurstPlan {
  std::vector<WholeSequence> sequences;  // before the completions
  std::vector<Completion*> completions;  // by trunk, then row; each has computed all its tokens but the last
};

class Scheduler {
 public:
  Scheduler(SchedulerLimits limits, BlockPool& pool) : limits_(limits), pool_(pool) {}

  // Throws INVALID_ARGUMENT (a prefix that fills the context, more tokens than one result can index) or OUT_OF_MEMORY
  // (the budget cannot hold it even alone).
  void submit(std::shared_ptr<RolloutRequest> request);

  // Forgets cancelled requests and frees their blocks.
  void drop_cancelled();

  // Gives free slots to waiting completions. Returns those that have no token yet.
  std::vector<Completion*> start_completions();

  // Plans the next forward pass; an empty batch means there is nothing to compute.
  void plan(ForwardBatch& batch, std::vector<OutputRow>& outputs);

  // The same for up to tokens_ahead tokens of each completion: whole sequences, of at most prefill_chunk tokens
  // together or one alone, then completions. What is planned counts as computed but for the completions' new tokens,
  // which the caller counts (count_computed). Nothing is there to compute when both lists are empty.
  BurstPlan plan_burst();

  // Notes that `count` tokens more have their keys and values stored.
  void count_computed(Completion& completion, int32_t count);

  // Takes a finished completion out.
  void retire(Completion* completion, FinishReason reason);

  // Hands the requests whose last completion was retired their results.
  void deliver();

  // Drops a request and tells it why.
  void fail(const RolloutRequest* request, const std::exception_ptr& error);
  void fail_all(const std::exception_ptr& error);

  // Takes blocks from the youngest until `count` are free (for work outside the scheduler).
  void make_room(int64_t count);

  bool has_work() const { return !waiting_.empty() || !admitted_.empty(); }
  int64_t num_running() const { return static_cast<int64_t>(running_.size()); }
  int64_t num_waiting() const;
  int32_t max_tokens(const Trunk& trunk, int32_t group) const;

  int64_t prompt_tokens = 0;      // trunk rows computed for the first time
  int64_t recomputed_tokens = 0;  // rows computed again after preemption

 private:
  void admit_trunks();
  void run(std::unique_ptr<Completion> completion);
  void allocate_for_running();
  bool allocate(Completion& completion);
  int64_t blocks_of(const Completion& completion) const;
  void count_computed(Trunk& trunk, int32_t count);
  const Completion* take_from_youngest();
  void preempt_youngest();
  void evict_youngest();
  void release(std::vector<KvBlock>& blocks);
  void remove(const std::function<bool(const RolloutRequest&)>& unwanted);
  void finish(Trunk* trunk);
  int64_t num_startable() const;
  int64_t num_unclaimed() const;
  void add_completion_rows(Completion& completion, int32_t& budget, ForwardBatch& batch);
  void add_trunk_rows(Trunk& trunk, int32_t& budget, ForwardBatch& batch);
  bool needs_end_of(Trunk& trunk, size_t group, int32_t first) const;
  void add_whole_trunk(Trunk& trunk, int32_t& budget, BurstPlan& plan);
  void add_whole_completion(Completion& completion, int32_t& budget, BurstPlan& plan);

  const SchedulerLimits limits_;
  BlockPool& pool_;
  // All oldest first; every waiting trunk is younger than every admitted one.
  std::deque<std::unique_ptr<Trunk>> waiting_;        // hold no blocks
  std::vector<std::unique_ptr<Trunk>> admitted_;      // hold their blocks
  std::vector<std::unique_ptr<Completion>> running_;  // of admitted trunks, by trunk, then row
  int64_t num_submitted_ = 0;
  std::vector<std::pair<std::shared_ptr<RolloutRequest>, RolloutResult>> finished_;
};

}  // namespace erprm
