#include "engine/scheduler.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "core/error.h"

namespace erprm {
namespace {

bool is_older(const std::unique_ptr<Completion>& a, const std::unique_ptr<Completion>& b) {
  return std::tie(a->trunk->number, a->row) < std::tie(b->trunk->number, b->row);
}

}  // namespace

// Blocks a completion needs for the tokens it has and those it gets before the next plan; a fresh one is about to get
// its first.
int64_t Scheduler::blocks_of(const Completion& completion) const {
  const int64_t tokens = static_cast<int64_t>(completion.tokens.size());
  const int64_t most = max_tokens(*completion.trunk, completion.group);
  return BlockPool::blocks_for(std::max<int64_t>(1, std::min(tokens + limits_.tokens_ahead - 1, most)));
}

int32_t Scheduler::max_tokens(const Trunk& trunk, int32_t group) const {
  return std::min(trunk.request->max_tokens, limits_.context_length - trunk.request->groups[group].prefix_length);
}

void Scheduler::submit(std::shared_ptr<RolloutRequest> request) {
  auto trunk = std::make_unique<Trunk>();
  trunk->request = std::move(request);
  const RolloutRequest& wanted = *trunk->request;
  constexpr int64_t kMostIndexed = std::numeric_limits<int32_t>::max();
  int64_t rows = 0;
  int32_t longest = 0;
  for (size_t g = 0; g < wanted.groups.size(); ++g) {
    const PrefixGroup& group = wanted.groups[g];
    require(group.prefix_length >= 1 && group.prefix_length <= trunk->length(), ErrorCode::INVALID_ARGUMENT,
            "Expected prefixLengths[", g, "] to be from 1 to the trunk's ", trunk->length(), " tokens, received ",
            group.prefix_length);
    require(group.num_completions >= 1, ErrorCode::INVALID_ARGUMENT, "Expected numCompletions[", g,
            "] to be at least 1, received ", group.num_completions);
    require(group.prefix_length < limits_.context_length, ErrorCode::INVALID_ARGUMENT, "Expected prefixLengths[", g,
            "] to leave room in the context of ", limits_.context_length, " tokens, received ", group.prefix_length);
    longest = std::max(longest, max_tokens(*trunk, static_cast<int32_t>(g)));
    trunk->group_rows.push_back(static_cast<int32_t>(rows));
    rows += group.num_completions;
    require(rows <= kMostIndexed / longest, ErrorCode::INVALID_ARGUMENT,
            "Expected the completions of a request to have at most ", kMostIndexed, " tokens together, received ", rows,
            " of up to ", longest, " tokens");
  }
  const int64_t blocks = BlockPool::blocks_for(trunk->length()) + BlockPool::blocks_for(longest);
  if (blocks > pool_.num_blocks()) {
    throw Error(
        ErrorCode::OUT_OF_MEMORY,
        concat("Expected the key-value memory to hold a trunk of ", trunk->length(), " tokens and a completion of ",
               longest, ", which is ", blocks * pool_.block_bytes(), " bytes, received a budget of ",
               pool_.num_blocks() * pool_.block_bytes(), " bytes"),
        {{"requestedBytes", blocks * pool_.block_bytes()}, {"freeBytes", pool_.num_blocks() * pool_.block_bytes()}});
  }
  trunk->number = num_submitted_++;
  trunk->next_in_group.assign(wanted.groups.size(), 0);
  trunk->group_logits.resize(wanted.groups.size());
  trunk->num_unfinished = rows;
  trunk->tokens.resize(rows);
  trunk->log_probabilities.resize(rows);
  trunk->finish_reasons.resize(rows);
  waiting_.push_back(std::move(trunk));
}

int64_t Scheduler::num_startable() const {
  int64_t count = 0;
  for (const auto& trunk : admitted_) count += trunk->num_unfinished - trunk->num_running;
  return count;
}

int64_t Scheduler::num_waiting() const {
  int64_t count = num_startable();
  for (const auto& trunk : waiting_) count += trunk->num_unfinished;
  return count;
}

// Free blocks beyond those that the running completions are about to take.
int64_t Scheduler::num_unclaimed() const {
  int64_t count = pool_.num_free();
  for (const auto& completion : running_) {
    count -= blocks_of(*completion) - static_cast<int64_t>(completion->blocks.size());
  }
  return count;
}

void Scheduler::release(std::vector<KvBlock>& blocks) {
  for (const KvBlock block : blocks) pool_.release(block);
  blocks.clear();
}

void Scheduler::admit_trunks() {
  while (!waiting_.empty()) {
    Trunk& next = *waiting_.front();
    const int64_t needed = BlockPool::blocks_for(next.length());
    // One spare block for each eighth of the running completions keeps admission from causing preemption at once.
    const int64_t spare = admitted_.empty() ? 0 : 1 + num_running() / 8;
    const bool wanted = num_running() + num_startable() < int64_t{2} * limits_.max_batch;
    if (!wanted || num_unclaimed() < needed + spare) return;
    for (int64_t b = 0; b < needed; ++b) next.blocks.push_back(pool_.allocate());
    admitted_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

void Scheduler::run(std::unique_ptr<Completion> completion) {
  ++completion->trunk->num_running;
  const auto place = std::upper_bound(running_.begin(), running_.end(), completion, is_older);
  running_.insert(place, std::move(completion));
}

std::vector<Completion*> Scheduler::start_completions() {
  admit_trunks();
  std::vector<Completion*> fresh;
  int64_t unclaimed = num_unclaimed();
  // One block for each eighth of the running completions stays free, so that their next tokens preempt nobody at once.
  const auto fits = [&](int64_t blocks) {
    if (num_running() >= limits_.max_batch) return false;
    return running_.empty() || unclaimed >= blocks + num_running() / 8;
  };
  for (const auto& trunk : admitted_) {
    while (!trunk->preempted.empty() && trunk->ready()) {
      const int64_t blocks = blocks_of(*trunk->preempted.front());
      if (!fits(blocks)) return fresh;
      unclaimed -= blocks;
      run(std::move(trunk->preempted.front()));
      trunk->preempted.pop_front();
    }
    if (!trunk->preempted.empty()) continue;
    for (size_t g = 0; g < trunk->next_in_group.size(); ++g) {
      if (trunk->group_logits[g].empty()) continue;
      while (trunk->next_in_group[g] < trunk->request->groups[g].num_completions) {
        if (!fits(1)) return fresh;
        --unclaimed;
        auto completion = std::make_unique<Completion>();
        completion->trunk = trunk.get();
        completion->group = static_cast<int32_t>(g);
        completion->index = trunk->next_in_group[g]++;
        completion->row = trunk->group_rows[g] + completion->index;
        fresh.push_back(completion.get());
        run(std::move(completion));
      }
    }
  }
  return fresh;
}

void Scheduler::preempt_youngest() {
  std::unique_ptr<Completion> victim = std::move(running_.back());
  running_.pop_back();
  release(victim->blocks);
  victim->computed = 0;
  Trunk& trunk = *victim->trunk;
  --trunk.num_running;
  trunk.preempted.push_front(std::move(victim));
}

void Scheduler::evict_youngest() {
  std::unique_ptr<Trunk> victim = std::move(admitted_.back());
  admitted_.pop_back();
  release(victim->blocks);
  victim->computed = 0;
  // Large, and made again on the way when the trunk is: one more row of the last layer.
  for (std::vector<float>& logits : victim->group_logits) logits = std::vector<float>();
  waiting_.push_front(std::move(victim));
}

// Frees the blocks of the youngest running completion of the youngest trunk, and returns it; of that trunk when none of
// its completions runs. REQUIRES: a trunk is admitted.
const Completion* Scheduler::take_from_youngest() {
  if (admitted_.back()->num_running == 0) {
    evict_youngest();
    return nullptr;
  }
  const Completion* victim = running_.back().get();
  preempt_youngest();
  return victim;
}

void Scheduler::make_room(int64_t count) {
  while (pool_.num_free() < count && !admitted_.empty()) take_from_youngest();
}

// Blocks for every token of the completion. False when the completion itself had to be preempted.
bool Scheduler::allocate(Completion& completion) {
  const size_t needed = static_cast<size_t>(blocks_of(completion));
  while (completion.blocks.size() < needed) {
    const KvBlock block = pool_.allocate();
    if (block != nullptr) {
      completion.blocks.push_back(block);
    } else if (take_from_youngest() == &completion) {
      return false;
    }
  }
  return true;
}

void Scheduler::allocate_for_running() {
  // Oldest first: whoever loses its blocks to an older one has not been planned yet.
  for (size_t i = 0; i < running_.size();) {
    if (allocate(*running_[i])) ++i;
  }
}

void Scheduler::count_computed(Completion& completion, int32_t count) {
  recomputed_tokens += std::clamp(completion.was_computed - completion.computed, 0, count);
  completion.computed += count;
  completion.was_computed = std::max(completion.was_computed, completion.computed);
}

void Scheduler::count_computed(Trunk& trunk, int32_t count) {
  const int32_t again = std::clamp(trunk.was_computed - trunk.computed, 0, count);
  recomputed_tokens += again;
  prompt_tokens += count - again;
  trunk.computed += count;
  trunk.was_computed = std::max(trunk.was_computed, trunk.computed);
}

void Scheduler::add_completion_rows(Completion& completion, int32_t& budget, ForwardBatch& batch) {
  const Trunk& trunk = *completion.trunk;
  const int32_t prefix = trunk.request->groups[completion.group].prefix_length;
  const int32_t total = static_cast<int32_t>(completion.tokens.size());
  // One row is the completion's right; more, after a preemption, come out of the budget.
  const int32_t count = std::min(total - completion.computed, 1 + std::max(budget, 0));
  budget -= count - 1;
  for (int32_t i = completion.computed; i < completion.computed + count; ++i) {
    batch.rows.push_back({completion.tokens[i], prefix + i, trunk.blocks.data(), prefix, completion.blocks.data(),
                          i + 1, completion.blocks[i / kKvTokens], i % kKvTokens});
  }
  count_computed(completion, count);
}

void Scheduler::add_trunk_rows(Trunk& trunk, int32_t& budget, ForwardBatch& batch) {
  const int32_t count = std::min(trunk.length() - trunk.computed, std::max(budget, 0));
  budget -= count;
  for (int32_t i = trunk.computed; i < trunk.computed + count; ++i) {
    batch.rows.push_back({trunk.request->trunk[i], i, trunk.blocks.data(), i + 1, nullptr, 0,
                          trunk.blocks[i / kKvTokens], i % kKvTokens});
  }
  count_computed(trunk, count);
}

// Whether the end of the group's prefix is among the trunk's tokens computed from `first` on and still wanted. Lets go
// of what nobody starts from any more.
bool Scheduler::needs_end_of(Trunk& trunk, size_t g, int32_t first) const {
  const PrefixGroup& group = trunk.request->groups[g];
  const int32_t last = group.prefix_length - 1;
  if (trunk.next_in_group[g] == group.num_completions) {
    trunk.group_logits[g] = std::vector<float>();
    return false;
  }
  return last >= first && last < trunk.computed && trunk.group_logits[g].empty();
}

void Scheduler::plan(ForwardBatch& batch, std::vector<OutputRow>& outputs) {
  batch.clear();
  outputs.clear();
  allocate_for_running();
  int32_t budget = limits_.prefill_chunk;
  for (const auto& trunk : admitted_) {
    for (const auto& completion : running_) {
      if (completion->trunk != trunk.get()) continue;
      add_completion_rows(*completion, budget, batch);
      if (completion->computed < static_cast<int32_t>(completion->tokens.size())) continue;
      batch.outputs.push_back(static_cast<int32_t>(batch.rows.size()) - 1);
      outputs.push_back({nullptr, 0, completion.get()});
    }
    const int32_t first = trunk->computed;
    const int32_t first_row = static_cast<int32_t>(batch.rows.size());
    add_trunk_rows(*trunk, budget, batch);
    for (size_t g = 0; g < trunk->group_logits.size(); ++g) {
      if (!needs_end_of(*trunk, g, first)) continue;
      batch.outputs.push_back(first_row + trunk->request->groups[g].prefix_length - 1 - first);
      outputs.push_back({trunk.get(), static_cast<int32_t>(g), nullptr});
    }
    batch.end_group();
  }
}

void Scheduler::finish(Trunk* trunk) {
  const auto position =
      std::find_if(admitted_.begin(), admitted_.end(), [&](const auto& candidate) { return candidate.get() == trunk; });
  RolloutResult result;
  for (size_t row = 0; row < trunk->tokens.size(); ++row) {
    result.tokens.append_row(trunk->tokens[row]);
    result.log_probabilities.insert(result.log_probabilities.end(), trunk->log_probabilities[row].begin(),
                                    trunk->log_probabilities[row].end());
  }
  result.finish_reasons = std::move(trunk->finish_reasons);
  release(trunk->blocks);
  finished_.emplace_back(trunk->request, std::move(result));
  admitted_.erase(position);
}

void Scheduler::deliver() {
  for (auto& [request, result] : finished_) {
    if (!request->cancelled) request->on_finish(std::move(result));
  }
  finished_.clear();
}

void Scheduler::retire(Completion* completion, FinishReason reason) {
  const auto position = std::find_if(running_.begin(), running_.end(),
                                     [&](const auto& candidate) { return candidate.get() == completion; });
  Trunk* trunk = completion->trunk;
  release(completion->blocks);
  trunk->tokens[completion->row] = std::move(completion->tokens);
  trunk->log_probabilities[completion->row] = std::move(completion->log_probabilities);
  trunk->finish_reasons[completion->row] = static_cast<uint8_t>(reason);
  --trunk->num_running;
  --trunk->num_unfinished;
  running_.erase(position);
  if (trunk->num_unfinished == 0) finish(trunk);
}

void Scheduler::remove(const std::function<bool(const RolloutRequest&)>& unwanted) {
  std::erase_if(running_, [&](const auto& completion) {
    if (!unwanted(*completion->trunk->request)) return false;
    release(completion->blocks);
    return true;
  });
  const auto unwanted_trunk = [&](const std::unique_ptr<Trunk>& trunk) {
    if (!unwanted(*trunk->request)) return false;
    release(
        trunk->blocks);  // of a waiting trunk too: the system may have refused a block in the middle of its admission
    return true;
  };
  std::erase_if(admitted_, unwanted_trunk);
  std::erase_if(waiting_, unwanted_trunk);
}

void Scheduler::drop_cancelled() {
  // Each flag is read once: set between two readings, it would take a trunk away and leave its completions behind.
  std::vector<const RolloutRequest*> cancelled;
  const auto note = [&](const std::unique_ptr<Trunk>& trunk) {
    if (trunk->request->cancelled) cancelled.push_back(trunk->request.get());
  };
  std::for_each(admitted_.begin(), admitted_.end(), note);
  std::for_each(waiting_.begin(), waiting_.end(), note);
  if (cancelled.empty()) return;
  remove([&](const RolloutRequest& request) {
    return std::find(cancelled.begin(), cancelled.end(), &request) != cancelled.end();
  });
}

void Scheduler::fail(const RolloutRequest* request, const std::exception_ptr& error) {
  std::shared_ptr<RolloutRequest> kept;
  for (const auto& trunk : admitted_) {
    if (trunk->request.get() == request) kept = trunk->request;
  }
  remove([&](const RolloutRequest& candidate) { return &candidate == request; });
  if (kept && !kept->cancelled) kept->on_fail(error);
}

void Scheduler::fail_all(const std::exception_ptr& error) {
  std::vector<std::shared_ptr<RolloutRequest>> requests;
  for (const auto& trunk : admitted_) requests.push_back(trunk->request);
  for (const auto& trunk : waiting_) requests.push_back(trunk->request);
  remove([](const RolloutRequest&) { return true; });
  for (const auto& request : requests) {
    if (!request->cancelled) request->on_fail(error);
  }
}

}  // namespace erprm
