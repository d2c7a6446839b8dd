#include "engine/score_part.h"

#include <algorithm>

#include "kernels/kernel_table.h"

namespace erprm {

ScorePart::~ScorePart() {
  for (float* block : allocated_) pool_.release(block);
}

bool ScorePart::add(std::span<const int32_t> tokens, std::span<const int32_t> positions, int64_t first_result) {
  const int64_t length = static_cast<int64_t>(tokens.size()), num_blocks = KvBlockPool::blocks_for(length);
  std::vector<Block> chain;
  const auto key_of_next = [&] {
    const auto span = tokens.subspan(chain.size() * kKvTokens, kKvTokens);
    return BlockKey(chain.empty() ? nullptr : chain.back().memory, {span.begin(), span.end()});
  };
  while (static_cast<int64_t>(chain.size() + 1) * kKvTokens <= length) {
    const auto found = whole_blocks_.find(key_of_next());
    if (found == whole_blocks_.end()) break;
    chain.push_back(found->second);
  }
  if (num_blocks - static_cast<int64_t>(chain.size()) > pool_.num_free()) return false;

  // Of its full size from the start: rows keep its address.
  std::vector<float*> blocks(static_cast<size_t>(num_blocks));
  for (size_t b = 0; b < chain.size(); ++b) blocks[b] = chain[b].memory;
  while (static_cast<int64_t>(chain.size()) < num_blocks) {
    const int64_t begin = static_cast<int64_t>(chain.size()) * kKvTokens;
    const bool whole = begin + kKvTokens <= length;
    const auto span = tokens.subspan(begin, whole ? kKvTokens : length - begin);
    allocated_.push_back(pool_.allocate());
    blocks[chain.size()] = allocated_.back();
    const Block block = append_block(span, static_cast<int32_t>(begin), blocks);
    if (whole) whole_blocks_.emplace(key_of_next(), block);
    chain.push_back(block);
  }
  block_lists_.push_back(std::move(blocks));
  if (static_cast<int32_t>(rows_.size()) > groups_.back()) groups_.push_back(static_cast<int32_t>(rows_.size()));
  for (size_t i = 0; i < positions.size(); ++i) {
    const int32_t row = chain[positions[i] / kKvTokens].first_row + positions[i] % kKvTokens;
    wanted_[row].push_back(first_result + static_cast<int64_t>(i));
  }
  return true;
}

// The rows of the block blocks[first_position / kKvTokens].
ScorePart::Block ScorePart::append_block(std::span<const int32_t> tokens, int32_t first_position,
                                         const std::vector<float*>& blocks) {
  const Block block{blocks[first_position / kKvTokens], static_cast<int32_t>(rows_.size())};
  for (int32_t slot = 0; slot < static_cast<int32_t>(tokens.size()); ++slot) {
    const int32_t position = first_position + slot;
    rows_.push_back({tokens[slot], position, blocks.data(), position + 1, nullptr, 0, block.memory, slot});
  }
  return block;
}

void ScorePart::plan(int64_t begin, int64_t end, ForwardBatch& batch,
                     std::vector<std::vector<int64_t>>& results) const {
  batch.clear();
  results.clear();
  auto next_group = std::upper_bound(groups_.begin(), groups_.end(), static_cast<int32_t>(begin));
  for (int64_t r = begin; r < end; ++r) {
    if (r == *next_group) {
      batch.end_group();
      ++next_group;
    }
    batch.rows.push_back(rows_[r]);
  }
  batch.end_group();
  for (auto entry = wanted_.lower_bound(static_cast<int32_t>(begin)); entry != wanted_.end() && entry->first < end;
       ++entry) {
    batch.outputs.push_back(entry->first - static_cast<int32_t>(begin));
    results.push_back(entry->second);
  }
}

}  // namespace erprm
