// ln p of given tokens, each after those before it in its piece: what engines have to agree in.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "model.h"

namespace peer {

// Of all tokens but the first of each piece.
inline std::vector<double> log_probabilities(llama_model& model, const std::vector<std::vector<int>>& pieces,
                                             int threads) {
  size_t longest = 1;
  for (const std::vector<int>& piece : pieces) longest = std::max(longest, piece.size());
  const int vocabulary = vocabulary_of(model);
  ContextPointer context =
      make_context(model, {1, static_cast<int>(longest), true}, static_cast<int>(longest), threads);
  Batch batch(*context);
  std::vector<double> values;
  for (const std::vector<int>& piece : pieces) {
    llama_memory_clear(llama_get_memory(context.get()), false);
    const int count = static_cast<int>(piece.size());
    for (int first = 0; first < count; first += kBatchTokens) {
      const int last = std::min(count, first + kBatchTokens);
      for (int i = first; i < last; ++i) batch.add(piece[i], i, 0, i + 1 < count);
      batch.compute();
      for (int i = first; i < last && i + 1 < count; ++i) {
        const float* logits = batch.logits(i - first);
        const float peak = *std::max_element(logits, logits + vocabulary);
        double sum = 0;
        for (int v = 0; v < vocabulary; ++v) sum += std::exp(static_cast<double>(logits[v] - peak));
        values.push_back(logits[piece[i + 1]] - peak - std::log(sum));
      }
    }
  }
  return values;
}

}  // namespace peer
