// GradientSum: the gradients of an update whose micro-batches are computed by several ranks, added up in the order of
// the micro-batches: ((0 + b_0) + b_1) + ..., whatever number of ranks computed them. So the sum has the same bits for
// every number of ranks.
//
// Every rank owns a part of all numbers, laid end to end. A round has a micro-batch of each rank; its gradient goes,
// part by part, to the owners, who add the ranks' in their order. At the end everyone gets all sums. Gradients on the
// CPU only. Thread: device thread only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "distributed/rank_group.h"
#include "train/parameter.h"

namespace erprm {

class GradientSum {
 public:
  // Throws DEVICE_UNAVAILABLE for gradients that are not on the CPU.
  explicit GradientSum(std::vector<ParameterPointer> trained);

  // Adds the gradients of ranks [0, count), each of one micro-batch, and clears those of this rank.
  // Throws what RankGroup::begin and move throw; the sum is then of no use.
  void add_round(RankGroup& group, int count);
  // The gradients become the sums, on all ranks; the next call begins a new sum. Throws as add_round.
  void finish(RankGroup& group);

 private:
  struct Part {
    int64_t begin, end;
  };
  Part part_of(int rank, int size) const;
  template <typename Byte>
  std::vector<std::span<Byte>> spans(int64_t begin, int64_t end) const;

  const std::vector<ParameterPointer> trained_;
  int64_t total_ = 0;
  std::vector<float> sums_;  // of the part that this rank owns
};

// Trained values and moments become those of rank 0, bit for bit. Throws as GradientSum.
void copy_from_first(RankGroup& group, const std::vector<ParameterPointer>& trained);

}  // namespace erprm
