// Block attention against a plain softmax in double precision, and the row rule.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "core/testing.h"
#include "kernels/attention_cases.h"
#include "kernels/kernel_table.h"

namespace {

using erprm::kernel_tables;
using erprm::KernelTable;
using erprm::KeyValueBlocks;
using erprm::kKvTokens;
using erprm::kPanel;
using erprm::QueryRow;
using erprm::testing::ranges;

// Random keys and values of `tokens` tokens, in the block layout, and read back by token.
class RandomCache {
 public:
  RandomCache(int tokens, int head_size, uint32_t seed) : head_size_(head_size) {
    std::mt19937 bits(seed);
    std::normal_distribution<float> normal;
    const int count = (tokens + kKvTokens - 1) / kKvTokens;
    storage_.assign(static_cast<size_t>(count) * 2 * kKvTokens * head_size, 0.0f);
    for (float& value : storage_) value = normal(bits);
    for (int b = 0; b < count; ++b)
      blocks_.push_back(storage_.data() + static_cast<size_t>(b) * 2 * kKvTokens * head_size);
  }
  float key(int token, int d) const {
    const int slot = token % kKvTokens;
    return blocks_[token / kKvTokens][(slot / kPanel * head_size_ + d) * kPanel + slot % kPanel];
  }
  float value(int token, int d) const {
    return blocks_[token / kKvTokens][kKvTokens * head_size_ + token % kKvTokens * head_size_ + d];
  }
  KeyValueBlocks list() const { return {blocks_.data(), 0, static_cast<size_t>(kKvTokens) * head_size_, head_size_}; }

 private:
  const int head_size_;
  std::vector<float> storage_;
  std::vector<float*> blocks_;
};

// Attention of one row over trunk tokens [first, limit), then own tokens [0, own_limit).
std::vector<float> run(const KernelTable& kernels, const std::vector<QueryRow>& wanted, const RandomCache& trunk,
                       const RandomCache& own, int own_limit, int head_size) {
  std::vector<float> outputs(wanted.size() * head_size, 0.0f), states(wanted.size() * 2);
  std::vector<QueryRow> rows = wanted;
  for (size_t r = 0; r < rows.size(); ++r) {
    rows[r].output = outputs.data() + r * head_size;
    rows[r].state = states.data() + 2 * r;
    rows[r].state[0] = -1e30f;
    rows[r].state[1] = 0.0f;
  }
  kernels.attend(rows.data(), static_cast<int>(rows.size()), trunk.list());
  for (QueryRow& row : rows) {
    row.first = 0;
    row.limit = own_limit;
    kernels.attend(&row, 1, own.list());
    for (int d = 0; d < head_size; ++d) row.output[d] /= row.state[1];
  }
  return outputs;
}

}  // namespace

TEST("attention over a trunk and then own tokens equals one plain softmax over both") {
  for (const KernelTable& kernels : kernel_tables()) {
    for (const int head_size : {16, 48, 64, 80, 128, 256}) {
      const int tokens = 200, count = 13, own_limit = 67;
      const RandomCache trunk(tokens, head_size, 1), own(own_limit, head_size, 2);
      std::mt19937 bits(3);
      std::normal_distribution<float> normal(0.0f, 1.2f / std::sqrt(static_cast<float>(head_size)));
      std::vector<float> queries(static_cast<size_t>(count) * head_size);
      for (float& value : queries) value = normal(bits);
      const auto rows = ranges(queries, head_size, count, tokens);
      const auto outputs = run(kernels, rows, trunk, own, own_limit, head_size);
      for (int r = 0; r < count; ++r) {
        std::vector<double> weights;
        double total = 0;
        const auto visit = [&](const RandomCache& cache, int token) {
          double score = 0;
          for (int d = 0; d < head_size; ++d) score += double(rows[r].query[d]) * cache.key(token, d);
          weights.push_back(std::exp(score));
          total += weights.back();
        };
        for (int t = rows[r].first; t < rows[r].limit; ++t) visit(trunk, t);
        for (int t = 0; t < own_limit; ++t) visit(own, t);
        for (int d = 0; d < head_size; ++d) {
          double expected = 0;
          size_t i = 0;
          for (int t = rows[r].first; t < rows[r].limit; ++t) expected += weights[i++] * trunk.value(t, d);
          for (int t = 0; t < own_limit; ++t) expected += weights[i++] * own.value(t, d);
          CHECK_NEAR(outputs[r * head_size + d], expected / total, 3e-6);
        }
      }
    }
  }
}

TEST("a row attends with the same bits alone and in company") {
  for (const KernelTable& kernels : kernel_tables()) {
    const int head_size = 64, tokens = 300, count = 20, own_limit = 5;
    const RandomCache trunk(tokens, head_size, 4), own(own_limit, head_size, 5);
    std::vector<float> queries(static_cast<size_t>(count) * head_size);
    std::mt19937 bits(6);
    for (float& value : queries) value = static_cast<float>(bits() % 1000) / 1000.0f - 0.5f;
    const auto rows = ranges(queries, head_size, count, tokens);
    const auto together = run(kernels, rows, trunk, own, own_limit, head_size);
    for (int r = 0; r < count; ++r) {
      const auto alone = run(kernels, {rows[r]}, trunk, own, own_limit, head_size);
      CHECK(std::memcmp(alone.data(), together.data() + r * head_size, sizeof(float) * head_size) == 0);
    }
  }
}

TEST("scores a hundred apart neither overflow nor vanish") {
  for (const KernelTable& kernels : kernel_tables()) {
    const int head_size = 16;
    const RandomCache trunk(64, head_size, 7), own(1, head_size, 8);
    std::vector<float> query(head_size, 40.0f);
    const auto outputs = run(kernels, {{query.data(), nullptr, nullptr, 0, 64}}, trunk, own, 1, head_size);
    for (float value : outputs) CHECK(std::isfinite(value));
  }
}

TEST("a query that is not finite is not averaged away") {
  for (const KernelTable& kernels : kernel_tables()) {
    const int head_size = 16;
    const RandomCache trunk(64, head_size, 9), own(1, head_size, 10);
    std::vector<float> query(head_size, 0.1f);
    query[3] = NAN;
    const auto outputs = run(kernels, {{query.data(), nullptr, nullptr, 0, 40}}, trunk, own, 1, head_size);
    for (float value : outputs) CHECK(std::isnan(value));
  }
}
