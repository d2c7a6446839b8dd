// Scorer: the numbers of a reward model at the steps of many sequences.
//
//   hidden = transformer(packed sequences) at the wanted positions only;  scores = head hidden
//
// Sequences are taken together as far as the memory for keys and values goes; further ones follow in further parts.
// The numbers at a position depend on the tokens up to it and on nothing else: not on the sequences beside it, the
// parts, the budget or the threads.
// Thread: device thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/kv_cache.h"
#include "model/score_head.h"
#include "model/transformer.h"

namespace erprm {

// S sequences, ragged, and P positions.
struct ScoreRequest {
  std::vector<int32_t> values;
  std::vector<int32_t> offsets;    // [S + 1]
  std::vector<int32_t> positions;  // [P] indices into values, ascending
};

class Scorer {
 public:
  // `transformer` needs no output matrix. Throws OUT_OF_MEMORY when the budget holds less than two blocks.
  Scorer(std::unique_ptr<Transformer> transformer, ScoreHead head, int64_t kv_memory_bytes);

  // f32 [P, O], O = outputs of the head. Throws INVALID_ARGUMENT (offsets, a token outside the vocabulary, a sequence
  // beyond the context, positions), OUT_OF_MEMORY (a sequence that the budget cannot hold even alone), and NUMERICAL
  // for a number that is not finite, naming sequence and position.
  std::vector<float> score(const ScoreRequest& request);

 private:
  int64_t check(const ScoreRequest& request) const;

  const std::unique_ptr<Transformer> transformer_;
  const ScoreHead head_;
  KvBlockPool pool_;
};

}  // namespace erprm
