// Logits of given tokens, each after those before it in its piece, and what engines have to agree in: ln p of the
// tokens.
#pragma once

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "model.h"

namespace peer {

using Pieces = std::vector<std::vector<int>>;

// Calls `use` with the logits behind each token: its piece, its place in it, and [V] numbers that are valid during the
// call.
inline void each_logits(llama_model& model, const Pieces& pieces, int threads,
                        const std::function<void(const std::vector<int>& piece, int place, const float* logits)>& use) {
  size_t longest = 1;
  for (const std::vector<int>& piece : pieces) longest = std::max(longest, piece.size());
  const int tokens = static_cast<int>(longest);
  ContextPointer context = make_context(model, {1, tokens, true}, tokens, threads);
  Batch batch(*context);
  for (const std::vector<int>& piece : pieces) {
    llama_memory_clear(llama_get_memory(context.get()), false);
    const int count = static_cast<int>(piece.size());
    for (int first = 0; first < count; first += kBatchTokens) {
      const int last = std::min(count, first + kBatchTokens);
      for (int i = first; i < last; ++i) batch.add(piece[i], i, 0, true);
      batch.compute();
      for (int i = first; i < last; ++i) use(piece, i, batch.logits(i - first));
    }
  }
}

// Of all tokens but the first of each piece.
inline std::vector<double> log_probabilities(llama_model& model, const Pieces& pieces, int threads) {
  const int vocabulary = vocabulary_of(model);
  std::vector<double> values;
  each_logits(model, pieces, threads, [&](const std::vector<int>& piece, int place, const float* logits) {
    if (place + 1 == static_cast<int>(piece.size())) return;
    const float peak = *std::max_element(logits, logits + vocabulary);
    double sum = 0;
    for (int v = 0; v < vocabulary; ++v) sum += std::exp(static_cast<double>(logits[v] - peak));
    values.push_back(logits[piece[place + 1]] - peak - std::log(sum));
  });
  return values;
}

// [tokens, V] f32 into a file. Gives the number of tokens.
inline int write_logits(llama_model& model, const Pieces& pieces, int threads, const std::string& path) {
  const std::streamsize bytes = static_cast<std::streamsize>(sizeof(float)) * vocabulary_of(model);
  std::ofstream file(path, std::ios::binary);
  int tokens = 0;
  each_logits(model, pieces, threads, [&](const std::vector<int>&, int, const float* logits) {
    file.write(reinterpret_cast<const char*>(logits), bytes);
    ++tokens;
  });
  if (!file.flush()) throw std::runtime_error("Expected to write logits to " + path);
  return tokens;
}

}  // namespace peer
