// Scheduler, the plan for engines that decode several tokens at a time.
#include <algorithm>
#include <utility>

#include "engine/scheduler.h"

namespace erprm {
namespace {

// The first sequence always fits: the oldest gets on, however long it is.
bool fits(const BurstPlan& plan, int32_t length, int32_t budget) { return plan.sequences.empty() || length <= budget; }

}  // namespace

void Scheduler::add_whole_trunk(Trunk& trunk, int32_t& budget, BurstPlan& plan) {
  const bool is_planned = !trunk.ready() && fits(plan, trunk.length(), budget);
  std::vector<int32_t> groups;
  if (is_planned) {
    budget -= trunk.length();
    count_computed(trunk, trunk.length());
  }
  for (size_t g = 0; g < trunk.group_logits.size(); ++g) {
    if (needs_end_of(trunk, g, 0)) groups.push_back(static_cast<int32_t>(g));
  }
  if (is_planned) plan.sequences.push_back({&trunk, nullptr, std::move(groups)});
}

void Scheduler::add_whole_completion(Completion& completion, int32_t& budget, BurstPlan& plan) {
  const int32_t needed = static_cast<int32_t>(completion.tokens.size()) - 1;
  const int32_t length = completion.trunk->request->groups[completion.group].prefix_length + needed;
  if (completion.computed < needed && fits(plan, length, budget)) {
    budget -= length;
    count_computed(completion, needed - completion.computed);
    plan.sequences.push_back({completion.trunk, &completion, {}});
  }
  if (completion.computed == needed) plan.completions.push_back(&completion);
}

BurstPlan Scheduler::plan_burst() {
  BurstPlan plan;
  allocate_for_running();
  int32_t budget = limits_.prefill_chunk;
  for (const auto& trunk : admitted_) {
    for (const auto& completion : running_) {
      if (completion->trunk == trunk.get()) add_whole_completion(*completion, budget, plan);
    }
    add_whole_trunk(*trunk, budget, plan);
  }
  return plan;
}

}  // namespace erprm
