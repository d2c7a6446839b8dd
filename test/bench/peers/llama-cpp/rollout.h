// Completions of a workload: `slots` of them at once, and whenever one ends the next begins in its slot.
//
// One trunk: it is computed once, as sequence 0; a slot's sequence is a copy of a prefix of it (llama_memory_seq_cp,
// which in a unified cache copies no numbers), and its first token is drawn from the trunk's logits. Several trunks:
// one completion each, in its slot's sequence from its first prompt token on; the prompts of all free slots are
// computed together.
#pragma once

#include <chrono>
#include <deque>
#include <vector>

#include "model.h"
#include "sampler.h"
#include "workload.h"

namespace peer {

struct RolloutResult {
  double seconds = 0;
  double trunk_seconds = 0;  // of these, until the shared trunk was there
  int completions = 0;
  long tokens = 0;
};

class Rollout {
 public:
  // `most`: completions, the last of the workload; 0: all.
  Rollout(llama_model& model, const Workload& workload, bool unified, int slots, int most)
      : workload_(workload),
        shared_(workload.trunks.size() == 1),
        unified_(unified),
        slots_(slots),
        vocabulary_(vocabulary_of(model)),
        sampler_(vocabulary_),
        context_(context_for(model)),
        batch_(*context_) {
    attach_threads(*context_, workload.threads);
    warm_up(*context_);
    for (size_t t = 0; t < workload.trunks.size(); ++t) {
      const Trunk& trunk = workload.trunks[t];
      if (!shared_ && (trunk.prefix_lengths.size() != 1 || trunk.completions != 1)) {
        throw std::runtime_error("Expected one trunk, or one completion of each");
      }
      for (size_t p = 0; p < trunk.prefix_lengths.size(); ++p) {
        for (int c = 0; c < trunk.completions; ++c) waiting_.push_back({t, p});
      }
    }
    while (most > 0 && waiting_.size() > static_cast<size_t>(most)) waiting_.pop_front();
  }

  RolloutResult run() {
    using Clock = std::chrono::steady_clock;
    const auto since = [start = Clock::now()] { return std::chrono::duration<double>(Clock::now() - start).count(); };
    if (shared_) compute_trunk();
    result_.trunk_seconds = shared_ ? since() : 0;
    do {
      fill_slots();
      decode();
    } while (!waiting_.empty() || num_running() > 0);
    result_.seconds = since();
    return result_;
  }

 private:
  struct Start {
    size_t trunk;
    size_t prefix;
  };
  struct Slot {
    bool runs = false;
    int position = 0;  // of `token`
    int token = 0;     // sampled and not computed yet
    int sampled = 0;
  };

  ContextPointer context_for(llama_model& model) const {
    const int longest = workload_.longest_trunk();
    const int own = shared_ ? workload_.tokens : longest + workload_.tokens;
    const int tokens = static_cast<int>(slots_.size()) * own + (shared_ ? longest : 0);
    const ContextSize size{sequence_of(slots_.size() - 1) + 1, longest + workload_.tokens, unified_};
    return make_context(model, size, tokens, workload_.threads);
  }

  int sequence_of(size_t slot) const { return static_cast<int>(slot) + (shared_ ? 1 : 0); }

  int num_running() const {
    return static_cast<int>(std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.runs; }));
  }

  // The trunk into sequence 0; keeps the logits of each prefix's last token.
  void compute_trunk() {
    const Trunk& trunk = workload_.trunks[0];
    first_logits_.resize(trunk.prefix_lengths.size());
    std::vector<std::pair<size_t, int>> ends;  // prefix, place in the batch
    const auto flush = [&] {
      batch_.compute();
      for (const auto& [prefix, place] : ends) {
        const float* logits = batch_.logits(place);
        first_logits_[prefix].assign(logits, logits + vocabulary_);
      }
      ends.clear();
    };
    for (int i = 0; i < static_cast<int>(trunk.tokens.size()); ++i) {
      bool ends_prefix = false;
      for (size_t p = 0; p < trunk.prefix_lengths.size(); ++p) {
        if (trunk.prefix_lengths[p] != i + 1) continue;
        ends.emplace_back(p, batch_.size());
        ends_prefix = true;
      }
      batch_.add(trunk.tokens[i], i, 0, ends_prefix);
      if (batch_.full()) flush();
    }
    flush();
  }

  void fill_slots() {
    std::vector<std::pair<size_t, Start>> begun;
    for (size_t s = 0; s < slots_.size() && !waiting_.empty(); ++s) {
      if (slots_[s].runs) continue;
      const Start start = waiting_.front();
      waiting_.pop_front();
      slots_[s] = {true, workload_.trunks[start.trunk].prefix_lengths[start.prefix], 0, 0};
      begun.emplace_back(s, start);
    }
    if (shared_) {
      for (const auto& [slot, start] : begun) {
        copy_prefix(sequence_of(slot), slots_[slot].position);
        take(slot, sampler_.sample(first_logits_[start.prefix].data()));
      }
    } else {
      compute_prompts(begun);
    }
  }

  void copy_prefix(int sequence, int length) {
    llama_memory_t memory = llama_get_memory(context_.get());
    if (unified_) return llama_memory_seq_cp(memory, 0, sequence, 0, length);
    // Between streams of their own only whole sequences can be copied.
    llama_memory_seq_cp(memory, 0, sequence, -1, -1);
    llama_memory_seq_rm(memory, sequence, length, -1);
  }

  void compute_prompts(const std::vector<std::pair<size_t, Start>>& begun) {
    std::vector<std::pair<size_t, int>> ends;  // slot, place in the batch
    const auto flush = [&] {
      batch_.compute();
      for (const auto& [slot, place] : ends) take(slot, sampler_.sample(batch_.logits(place)));
      ends.clear();
    };
    for (const auto& [slot, start] : begun) {
      const int length = slots_[slot].position;
      for (int i = 0; i < length; ++i) {
        if (i + 1 == length) ends.emplace_back(slot, batch_.size());
        batch_.add(workload_.trunks[start.trunk].tokens[i], i, sequence_of(slot), i + 1 == length);
        if (batch_.full()) flush();
      }
    }
    flush();
  }

  // One token more in every slot that runs.
  void decode() {
    std::vector<size_t> rows;
    for (size_t s = 0; s < slots_.size(); ++s) {
      if (!slots_[s].runs) continue;
      batch_.add(slots_[s].token, slots_[s].position++, sequence_of(s), true);
      rows.push_back(s);
    }
    batch_.compute();
    for (size_t row = 0; row < rows.size(); ++row) {
      take(rows[row], sampler_.sample(batch_.logits(static_cast<int>(row))));
    }
  }

  void take(size_t index, int token) {
    Slot& slot = slots_[index];
    slot.token = token;
    slot.sampled += 1;
    result_.tokens += 1;
    if (slot.sampled < workload_.tokens && !workload_.ends_with(token)) return;
    result_.completions += 1;
    slot.runs = false;
    llama_memory_seq_rm(llama_get_memory(context_.get()), sequence_of(index), -1, -1);
  }

  const Workload& workload_;
  const bool shared_;
  const bool unified_;
  std::vector<Slot> slots_;
  const int vocabulary_;
  Sampler sampler_;
  ContextPointer context_;
  Batch batch_;
  std::deque<Start> waiting_;
  std::vector<std::vector<float>> first_logits_;  // [prefixes][V]
  RolloutResult result_;
};

}  // namespace peer
