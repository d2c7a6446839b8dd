// Bursts: the memory they take, and that graphs of their launches see the addresses that are in use.
#include "model/decode_burst.h"

#include <vector>

#include "core/testing.h"
#include "model/random_checkpoint.h"
#include "ops/accelerator_cases.h"

namespace {

using namespace erprm;

// Rows that share a prefix of 200 tokens, some of which go on to the context's end.
struct Rows {
  static constexpr int32_t kPrefix = 200, kMost = 8;

  explicit Rows(AcceleratorKvPool& pool) : own(kMost) {
    for (int b = 0; b < 4; ++b) trunk.push_back(pool.allocate());
    for (auto& blocks : own) {
      for (int b = 0; b < 2; ++b) blocks.push_back(pool.allocate());
    }
  }

  std::vector<BurstRow> first(int32_t count, int32_t own_length, const std::vector<int32_t>& stop_tokens) const {
    std::vector<BurstRow> rows;
    for (int32_t r = 0; r < count; ++r) {
      const DrawCoordinates draw{1, 2, 3, 4, static_cast<uint32_t>(r), static_cast<uint32_t>(own_length)};
      rows.push_back({draw, {1.0f, 0, 1.0f, 0.0f}, &trunk, kPrefix, &own[r], 7 + r, own_length, 50, &stop_tokens});
    }
    return rows;
  }

  std::vector<KvBlock> trunk;
  std::vector<std::vector<KvBlock>> own;
};

}  // namespace

TEST("bursts of all rows to the context's end move no memory; more stop tokens than planned do, and change no token") {
  if (!testing::has_accelerator()) return;
  const ModelConfig config = testing::random_config();
  const testing::RandomCheckpoint checkpoint(config);
  const AcceleratorStream stream(testing::accelerator_choice());
  const AcceleratorStream::Use use(stream);
  const AcceleratorTransformer transformer(config, *checkpoint.get(), at::kFloat, OutputMatrix::kPacked, stream);
  DecodeBurst burst(transformer, Rows::kMost, 4);
  AcceleratorKvPool pool(config, at::kFloat, int64_t{16} << 20, stream);
  burst.reserve_blocks(pool.num_blocks());
  CHECK(burst.num_reservations() == 2);
  const Rows rows(pool);
  const auto drawn = [&](int32_t count, int32_t own_length, const std::vector<int32_t>& stop_tokens) {
    burst.run(rows.first(count, own_length, stop_tokens), 4, pool);
    std::vector<int32_t> tokens;
    for (int32_t r = 0; r < count; ++r) {
      for (int32_t t = 0; t < burst.num_drawn(r); ++t) tokens.push_back(burst.drawn(r, t).token);
    }
    return tokens;
  };
  const std::vector<int32_t> none, many(70000, 5000);  // 5000: no token of this model
  const std::vector<int32_t> expected = drawn(Rows::kMost, 1, none);
  CHECK(expected.size() == size_t{4} * Rows::kMost);
  for (const int32_t count : {1, 2, 3, Rows::kMost}) drawn(count, config.context_length - Rows::kPrefix - 4, none);
  CHECK(burst.num_reservations() == 2);
  CHECK(drawn(Rows::kMost, 1, many) == expected);
  CHECK(burst.num_reservations() == 3);
  // What was launched as a graph before the addresses changed.
  CHECK(drawn(Rows::kMost, 1, none) == expected);
}
