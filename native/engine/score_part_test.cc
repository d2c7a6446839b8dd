// Score parts under random families of sequences, driven by a model that only looks: each slot of key-value memory
// holds the token it was computed for, so a block shared by mistake or read too early shows when it is read.
#include "engine/score_part.h"

#include <cstring>
#include <map>
#include <random>
#include <vector>

#include "core/testing.h"
#include "kernels/kernel_table.h"

namespace {

using namespace erprm;

constexpr int64_t kBlockBytes = int64_t{4} * 2 * kKvTokens * 16;

KvBlockPool make_pool(int64_t num_blocks) {
  ModelConfig config{};
  config.num_layers = config.num_heads = config.num_kv_heads = 1;
  config.head_size = 16;
  return KvBlockPool(config, num_blocks * kBlockBytes);
}

struct Sequence {
  std::vector<int32_t> tokens;
  std::vector<int32_t> positions;
};

int32_t stored_token(float* const* blocks, int32_t position) {
  int32_t token;
  std::memcpy(&token, blocks[position / kKvTokens] + position % kKvTokens, sizeof token);
  return token;
}

// Runs the part in batches of `batch_rows` and checks what every wanted row sees. Results of sequence s are numbered
// from 1000 s.
void check_part(const ScorePart& part, const std::vector<Sequence>& sequences, int64_t batch_rows) {
  std::map<int64_t, int> seen;
  ForwardBatch batch;
  std::vector<std::vector<int64_t>> results;
  for (int64_t begin = 0; begin < part.num_rows(); begin += batch_rows) {
    const int64_t end = std::min(begin + batch_rows, part.num_rows());
    part.plan(begin, end, batch, results);
    CHECK(static_cast<int64_t>(batch.rows.size()) == end - begin);
    CHECK(batch.groups.front() == 0 && batch.groups.back() == end - begin);
    CHECK(batch.outputs.size() == results.size());
    for (size_t g = 0; g + 1 < batch.groups.size(); ++g) {
      CHECK(batch.groups[g] < batch.groups[g + 1]);
      for (int32_t r = batch.groups[g]; r < batch.groups[g + 1]; ++r) {
        CHECK(batch.rows[r].trunk_blocks == batch.rows[batch.groups[g]].trunk_blocks);
      }
    }
    for (const ForwardRow& row : batch.rows) {
      std::memcpy(row.write_block + row.write_slot, &row.token, sizeof row.token);
    }
    for (size_t i = 0; i < results.size(); ++i) {
      const ForwardRow& row = batch.rows[batch.outputs[i]];
      for (const int64_t result : results[i]) {
        const Sequence& sequence = sequences[result / 1000];
        const int32_t position = sequence.positions[result % 1000];
        CHECK(row.position == position && row.trunk_limit == position + 1 && row.own_limit == 0);
        for (int32_t p = 0; p <= position; ++p) CHECK(stored_token(row.trunk_blocks, p) == sequence.tokens[p]);
        ++seen[result];
      }
    }
  }
  for (size_t s = 0; s < sequences.size(); ++s) {
    for (size_t i = 0; i < sequences[s].positions.size(); ++i) {
      CHECK(seen[static_cast<int64_t>(1000 * s + i)] == 1);
    }
  }
}

std::vector<int32_t> tokens_from(int32_t first, int32_t length) {
  std::vector<int32_t> tokens;
  for (int32_t i = 0; i < length; ++i) tokens.push_back(first + i);
  return tokens;
}

}  // namespace

TEST("every wanted row sees the tokens of its own sequence, whatever the family, the memory and the batches") {
  std::mt19937 random(7);
  const auto below = [&](int limit) { return static_cast<int32_t>(random() % static_cast<unsigned>(limit)); };
  for (int round = 0; round < 60; ++round) {
    std::vector<Sequence> wanted;
    for (int s = 0; s < 12; ++s) {
      // Blocks of three kinds in any order, then a rest: the same block comes after different ones.
      Sequence sequence;
      for (int block = below(4); block > 0; --block) {
        const auto tokens = tokens_from(1 + 100 * below(3), kKvTokens);
        sequence.tokens.insert(sequence.tokens.end(), tokens.begin(), tokens.end());
      }
      const auto rest = tokens_from(1 + 100 * below(3), 1 + below(2 * kKvTokens));
      sequence.tokens.insert(sequence.tokens.end(), rest.begin(), rest.end());
      for (int32_t p = 0; p < static_cast<int32_t>(sequence.tokens.size()); ++p) {
        if (below(20) == 0) sequence.positions.push_back(p);
      }
      wanted.push_back(std::move(sequence));
    }
    KvBlockPool pool = make_pool(2 + below(40));
    {
      ScorePart part(pool);
      std::vector<Sequence> taken;
      for (const Sequence& sequence : wanted) {
        const int64_t free = pool.num_free();
        if (part.add(sequence.tokens, sequence.positions, 1000 * static_cast<int64_t>(taken.size()))) {
          taken.push_back(sequence);
        } else {
          CHECK(pool.num_free() == free);
        }
      }
      check_part(part, taken, 1 + below(300));
    }
    CHECK(pool.used_bytes() == 0);
  }
}

TEST("sequences that begin alike compute their whole common blocks once, and no more than that") {
  KvBlockPool pool = make_pool(100);
  ScorePart part(pool);
  const auto prompt = tokens_from(1, 150);
  std::vector<Sequence> sequences;
  for (int32_t s = 0; s < 4; ++s) {
    Sequence sequence{prompt, {10, 149, 159}};
    const auto solution = tokens_from(1000 * (s + 1), 10);
    sequence.tokens.insert(sequence.tokens.end(), solution.begin(), solution.end());
    CHECK(part.add(sequence.tokens, sequence.positions, 1000 * s));
    sequences.push_back(std::move(sequence));
  }
  // Two whole blocks in common, 160 - 128 tokens of each one's own.
  CHECK(part.num_rows() == 128 + 4 * 32);
  CHECK(pool.used_bytes() == (2 + 4) * pool.block_bytes());
  check_part(part, sequences, 50);
}

TEST("the same block after other tokens is another block") {
  KvBlockPool pool = make_pool(100);
  ScorePart part(pool);
  std::vector<Sequence> sequences(3);
  const std::vector<std::pair<int32_t, int32_t>> first_and_second = {{1, 200}, {100, 300}, {1, 300}};
  for (size_t s = 0; s < 3; ++s) {
    sequences[s] = {tokens_from(first_and_second[s].first, kKvTokens), {63, 127}};
    const auto second = tokens_from(first_and_second[s].second, kKvTokens);
    sequences[s].tokens.insert(sequences[s].tokens.end(), second.begin(), second.end());
    CHECK(part.add(sequences[s].tokens, sequences[s].positions, static_cast<int64_t>(1000 * s)));
  }
  // Of the third only its first block was there: its second one stands after another block elsewhere.
  CHECK(part.num_rows() == 5 * kKvTokens);
  check_part(part, sequences, 1000);
}
