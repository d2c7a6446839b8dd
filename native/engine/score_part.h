// ScorePart: sequences whose keys and values are in memory at the same time, as rows of forward passes.
//
// Sequences that begin with the same tokens share those of their blocks that are whole and equal (the question before
// its solutions): the rows are computed once, and since a block's numbers are a function of the tokens up to its end,
// every sequence gets the bits it would get alone.
// Thread: device thread only.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "model/forward_batch.h"
#include "model/kv_cache.h"

namespace erprm {

class ScorePart {
 public:
  explicit ScorePart(KvBlockPool& pool) : pool_(pool) {}
  ~ScorePart();
  ScorePart(const ScorePart&) = delete;
  ScorePart& operator=(const ScorePart&) = delete;

  // Takes a sequence in, of one token or more; result `first_result` + i is the hidden state at `positions`[i]
  // (ascending, within the tokens). False when the pool cannot hold it beside the others: nothing was changed.
  bool add(std::span<const int32_t> tokens, std::span<const int32_t> positions, int64_t first_result);

  int64_t num_rows() const { return static_cast<int64_t>(rows_.size()); }

  // Rows [begin, end) as a batch. Batches must be computed in ascending order: a row sees what earlier rows left.
  // `results`: for each output of the batch, in order, the results that it is.
  void plan(int64_t begin, int64_t end, ForwardBatch& batch, std::vector<std::vector<int64_t>>& results) const;

 private:
  struct Block {
    float* memory;
    int32_t first_row;  // rows of its tokens follow each other
  };
  // The block before (null: none) and the tokens: what a whole block's numbers depend on.
  using BlockKey = std::pair<const float*, std::vector<int32_t>>;

  Block append_block(std::span<const int32_t> tokens, int32_t first_position, const std::vector<float*>& blocks);

  KvBlockPool& pool_;
  std::vector<float*> allocated_;
  std::map<BlockKey, Block> whole_blocks_;
  std::vector<std::vector<float*>> block_lists_;  // of each sequence; rows point into them
  std::vector<ForwardRow> rows_;
  std::vector<int32_t> groups_ = {0};               // rows [groups_[i], groups_[i+1]) are those of one sequence
  std::map<int32_t, std::vector<int64_t>> wanted_;  // row -> results
};

}  // namespace erprm
