#include "bench/decode_state.h"

#include "core/block_cache.h"

namespace erprm::bench {

namespace {

int blocks_for(int tokens) { return (tokens + kKvTokens - 1) / kKvTokens; }

}  // namespace

DecodeState::DecodeState(const Context& context, const DecodeShape& shape) {
  const int trunks = (shape.rows + shape.rows_a_trunk - 1) / shape.rows_a_trunk;
  const int trunk_blocks = blocks_for(shape.trunk_tokens), own_blocks = blocks_for(shape.own_tokens + kCapacity);
  // Blocks that attention reads are all different; what rows draw later goes to the last of them.
  const int read_blocks = blocks_for(shape.own_tokens);
  const int64_t num_blocks = int64_t{trunks} * trunk_blocks + int64_t{shape.rows} * read_blocks;
  const int64_t block_numbers = int64_t{2} * shape.num_kv_heads * kKvTokens * shape.head_size;
  auto* pool =
      keep<uint16_t>(context.random({num_blocks, 2, shape.num_kv_heads, kKvTokens, shape.head_size}, at::kBFloat16));
  num_trunks_ = trunks;
  blocks_a_trunk_ = trunk_blocks;
  blocks_a_row_ = read_blocks;
  int64_t next = 0;
  const auto take = [&] { return static_cast<const void*>(pool + block_numbers * next++); };

  std::vector<const void*> blocks;
  std::vector<cuda::PlannedRow> planned;
  std::vector<cuda::DecodeRow> rows(shape.rows);
  std::vector<int32_t> trunk_lists;
  for (int trunk = 0; trunk < trunks; ++trunk) {
    trunk_lists.push_back(static_cast<int32_t>(blocks.size()));
    for (int i = 0; i < trunk_blocks; ++i) blocks.push_back(take());
  }
  std::vector<void*> kv_rows;
  for (int r = 0; r < shape.rows; ++r) {
    cuda::DecodeRow& row = rows[r];
    row.draw = {
        .seed = 1, .problem_key = 2, .solution = 3, .step = 4, .completion = static_cast<uint32_t>(r), .position = 0};
    row.sampling = shape.sampling;
    row.trunk_limit = shape.trunk_tokens;
    row.trunk_list = trunk_lists[r / shape.rows_a_trunk];
    row.own_list = static_cast<int32_t>(blocks.size());
    for (int i = 0; i < own_blocks; ++i) blocks.push_back(i < read_blocks ? take() : blocks.back());
    // The slot of the last token; every launch stores there again.
    const auto* block = static_cast<const uint16_t*>(blocks[row.own_list + (shape.own_tokens - 1) / kKvTokens]);
    kv_rows.push_back(const_cast<uint16_t*>(block) + (shape.own_tokens - 1) % kKvTokens * shape.head_size);
    planned.push_back({pool + row.trunk_list, row.trunk_limit, shape.own_tokens});
  }
  const cuda::DecodePlan plan =
      cuda::plan_decode(planned, 1, shape.num_heads, shape.num_kv_heads, cuda::Element::kBF16);
  for (int r = 0; r < shape.rows; ++r) rows[r].first_result = plan.first_results[r];
  num_results_ = plan.num_results;
  plan_ = {keep<cuda::AttentionItem>(context.upload(plan.items)),
           keep<int32_t>(context.upload(std::vector<int32_t>{static_cast<int32_t>(plan.items.size())})),
           keep<int32_t>(context.upload(plan.order))};

  const auto filled = [&](int32_t value) {
    return keep<int32_t>(context.upload(std::vector<int32_t>(shape.rows, value)));
  };
  rows_.num_rows = shape.rows;
  rows_.rows = keep<cuda::DecodeRow>(context.upload(rows));
  rows_.blocks = keep<const void*>(context.upload(blocks));
  rows_.tokens = filled(1);
  rows_.positions = filled(shape.trunk_tokens + shape.own_tokens - 1);
  rows_.own_lengths = filled(shape.own_tokens);
  rows_.tokens_left = filled(1 << 20);
  rows_.ends = filled(cuda::kRowRuns);
  rows_.kv_rows = keep<void*>(context.upload(kv_rows));
  rows_.num_drawn = filled(0);
  rows_.drawn_tokens = keep<int32_t>(context.empty({shape.rows, kCapacity}, at::kInt));
  rows_.drawn_log_probabilities = keep<float>(context.empty({shape.rows, kCapacity}, at::kFloat));
  rows_.capacity = kCapacity;
  rows_.token_bytes = shape.head_size * 2;
}

cuda::AttentionPlan DecodeState::plan() const { return plan_; }

}  // namespace erprm::bench
