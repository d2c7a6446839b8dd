#include "engine/scheduler.h"

#include <algorithm>

#include "core/error.h"

namespace erprm {

int32_t Scheduler::max_tokens(const Trunk& trunk, int32_t group) const {
  return std::min(trunk.request->max_tokens, limits_.context_length - trunk.request->groups[group].prefix_length);
}

void Scheduler::submit(std::shared_ptr<RolloutRequest> request) {
  auto trunk = std::make_unique<Trunk>();
  trunk->request = std::move(request);
  const RolloutRequest& wanted = *trunk->request;
  int32_t rows = 0, longest = 0;
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
    trunk->group_rows.push_back(rows);
    rows += group.num_completions;
  }
  const int64_t blocks = KvBlockPool::blocks_for(trunk->length()) + KvBlockPool::blocks_for(longest);
  if (blocks > pool_.num_blocks()) {
    throw Error(
        ErrorCode::OUT_OF_MEMORY,
        concat("Expected the key-value memory to hold a trunk of ", trunk->length(), " tokens and a completion of ",
               longest, ", which is ", blocks * pool_.block_bytes(), " bytes, received a budget of ",
               pool_.num_blocks() * pool_.block_bytes(), " bytes"),
        {{"requestedBytes", blocks * pool_.block_bytes()}, {"freeBytes", pool_.num_blocks() * pool_.block_bytes()}});
  }
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

void Scheduler::release(std::vector<float*>& blocks) {
  for (float* block : blocks) pool_.release(block);
  blocks.clear();
}

void Scheduler::admit_trunks() {
  while (!waiting_.empty()) {
    Trunk& next = *waiting_.front();
    const int64_t needed = KvBlockPool::blocks_for(next.length());
    // One spare block for each eighth of the running completions keeps admission from causing preemption at once.
    const int64_t spare = admitted_.empty() ? 0 : 1 + num_running() / 8;
    const bool wanted = num_running() + num_startable() < int64_t{2} * limits_.max_batch;
    if (!wanted || pool_.num_free() < needed + spare) return;
    for (int64_t b = 0; b < needed; ++b) next.blocks.push_back(pool_.allocate());
    admitted_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

std::vector<Completion*> Scheduler::start_completions() {
  admit_trunks();
  std::vector<Completion*> fresh;
  for (const auto& trunk : admitted_) {
    const auto may_start = [&] {
      return num_running() < limits_.max_batch && (running_.empty() || pool_.num_free() > num_running() / 8);
    };
    while (!trunk->preempted.empty() && trunk->ready() && may_start()) {
      running_.push_back(std::move(trunk->preempted.front()));
      trunk->preempted.pop_front();
      ++trunk->num_running;
    }
    if (!trunk->preempted.empty()) continue;
    for (size_t g = 0; g < trunk->next_in_group.size(); ++g) {
      const PrefixGroup& group = trunk->request->groups[g];
      // Logits outlive an eviction, keys and values do not: the prefix must be there (again).
      const bool computed = !trunk->group_logits[g].empty() && trunk->computed >= group.prefix_length;
      while (computed && trunk->next_in_group[g] < group.num_completions && may_start()) {
        auto completion = std::make_unique<Completion>();
        completion->trunk = trunk.get();
        completion->group = static_cast<int32_t>(g);
        completion->index = trunk->next_in_group[g]++;
        completion->row = trunk->group_rows[g] + completion->index;
        ++trunk->num_running;
        fresh.push_back(completion.get());
        running_.push_back(std::move(completion));
      }
    }
  }
  return fresh;
}

bool Scheduler::evict_idle_trunk(const Trunk* keep) {
  for (size_t i = admitted_.size(); i-- > 0;) {
    Trunk& trunk = *admitted_[i];
    if (trunk.num_running > 0 || &trunk == keep) continue;
    release(trunk.blocks);
    trunk.computed = 0;
    waiting_.push_front(std::move(admitted_[i]));
    admitted_.erase(admitted_.begin() + static_cast<int64_t>(i));
    return true;
  }
  return false;
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

void Scheduler::make_room(int64_t count) {
  while (pool_.num_free() < count) {
    if (evict_idle_trunk(nullptr)) continue;
    if (running_.empty()) return;
    preempt_youngest();
  }
}

// Blocks for every token of the completion. False when the completion itself had to be preempted.
bool Scheduler::allocate(Completion& completion) {
  const size_t needed = static_cast<size_t>(KvBlockPool::blocks_for(static_cast<int64_t>(completion.tokens.size())));
  while (completion.blocks.size() < needed) {
    float* block = pool_.allocate();
    if (block != nullptr) {
      completion.blocks.push_back(block);
    } else if (!evict_idle_trunk(completion.trunk)) {
      const bool self = running_.back().get() == &completion;
      preempt_youngest();
      if (self) return false;
    }
  }
  return true;
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
  recomputed_tokens += std::clamp(completion.was_computed - completion.computed, 0, count);
  completion.computed += count;
  completion.was_computed = std::max(completion.was_computed, completion.computed);
}

void Scheduler::add_trunk_rows(Trunk& trunk, int32_t& budget, ForwardBatch& batch) {
  const int32_t count = std::min(trunk.length() - trunk.computed, std::max(budget, 0));
  budget -= count;
  for (int32_t i = trunk.computed; i < trunk.computed + count; ++i) {
    batch.rows.push_back({trunk.request->trunk[i], i, trunk.blocks.data(), i + 1, nullptr, 0,
                          trunk.blocks[i / kKvTokens], i % kKvTokens});
  }
  const int32_t again = std::clamp(trunk.was_computed - trunk.computed, 0, count);
  recomputed_tokens += again;
  prompt_tokens += count - again;
  trunk.computed += count;
  trunk.was_computed = std::max(trunk.was_computed, trunk.computed);
}

void Scheduler::plan(ForwardBatch& batch, std::vector<OutputRow>& outputs) {
  batch.clear();
  outputs.clear();
  // Oldest first: whoever loses its blocks to an older one has not been planned yet.
  for (size_t i = 0; i < running_.size();) {
    if (allocate(*running_[i])) ++i;
  }
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
      const int32_t last = trunk->request->groups[g].prefix_length - 1;
      if (last < first || last >= trunk->computed || !trunk->group_logits[g].empty()) continue;
      batch.outputs.push_back(first_row + last - first);
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
  std::erase_if(admitted_, [&](const auto& trunk) {
    if (!unwanted(*trunk->request)) return false;
    release(trunk->blocks);
    return true;
  });
  std::erase_if(waiting_, [&](const auto& trunk) { return unwanted(*trunk->request); });
}

void Scheduler::drop_cancelled() {
  remove([](const RolloutRequest& request) { return request.cancelled.load(); });
}

void Scheduler::fail(const RolloutRequest* request, std::exception_ptr error) {
  std::shared_ptr<RolloutRequest> kept;
  for (const auto& trunk : admitted_) {
    if (trunk->request.get() == request) kept = trunk->request;
  }
  remove([&](const RolloutRequest& candidate) { return &candidate == request; });
  if (kept && !kept->cancelled) kept->on_fail(error);
}

void Scheduler::fail_all(std::exception_ptr error) {
  std::vector<std::shared_ptr<RolloutRequest>> requests;
  for (const auto& trunk : admitted_) requests.push_back(trunk->request);
  for (const auto& trunk : waiting_) requests.push_back(trunk->request);
  remove([](const RolloutRequest&) { return true; });
  for (const auto& request : requests) {
    if (!request->cancelled) request->on_fail(error);
  }
}

}  // namespace erprm
