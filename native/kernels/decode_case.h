// decode_case: a burst's rows with random keys and values in blocks on the device, for tests of decode attention.
// Whatever no row may see is NaN: slots behind the ends of lists, other layers, and blocks nobody holds.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/cuda_attention.h"
#include "kernels/decode_plan.h"
#include "kernels/element_values.h"
#include "kernels/kernel_table.h"

namespace erprm::cuda {

struct CaseRow {
  int trunk;
  int trunk_limit;
  int own_length;
  int32_t end = kRowRuns;
};

struct CaseShape {
  Element element;
  int num_heads, num_kv_heads, head_size;
  int window = 0;
  int iterations = 1;
};

class DecodeCase {
 public:
  // Trunks have `trunk_lengths` tokens. What row r sees and asks depends on its trunk and on `names[r]` alone (r itself
  // without names).
  DecodeCase(const CaseShape& shape, const std::vector<int>& trunk_lengths, std::vector<CaseRow> rows,
             std::vector<int> names = {})
      : shape_(shape), rows_(std::move(rows)), names_(std::move(names)) {
    if (names_.empty()) {
      for (size_t r = 0; r < rows_.size(); ++r) names_.push_back(static_cast<int>(r));
    }
    for (size_t i = 0; i < trunk_lengths.size(); ++i) {
      trunks_.push_back(random_list(trunk_lengths[i], 1000 + static_cast<uint32_t>(i)));
    }
    for (size_t r = 0; r < rows_.size(); ++r) {
      owns_.push_back(
          random_list(rows_[r].own_length + shape_.iterations - 1, 2000 + static_cast<uint32_t>(names_[r])));
      const auto query = random_values(query_width(), 3000 + static_cast<uint32_t>(names_[r]), Element::kF32,
                                       2.0f / std::sqrt(static_cast<float>(shape_.head_size)));
      for (const float value : query) queries_.push_back(rounded_to(shape_.element, value));
    }
  }

  // The output [rows, H * D] in the iteration with that number: own parts have grown by so many tokens.
  std::vector<float> run(int iteration = 0) const {
    const int64_t layer_size = static_cast<int64_t>(num_blocks_) * block_size();
    std::vector<float> pool(2 * static_cast<size_t>(layer_size), std::numeric_limits<float>::quiet_NaN());
    std::vector<const void*> blocks;
    DeviceArray<unsigned char> device_pool(pool.size() * bytes());
    // A block's number in the pool is its place in the lists turned round.
    const auto place = [&](const List& list) {
      for (size_t b = 0; b < list.blocks.size(); ++b) {
        const int64_t at = (num_blocks_ - 1 - static_cast<int64_t>(blocks.size())) * block_size();
        std::copy(list.blocks[b].begin(), list.blocks[b].end(), pool.begin() + layer_size + at);
        blocks.push_back(device_pool.data() + at * bytes());
      }
    };
    std::vector<int32_t> trunk_starts, positions, own_lengths, ends, zeros(rows_.size(), 0);
    for (const List& trunk : trunks_) {
      trunk_starts.push_back(static_cast<int32_t>(blocks.size()));
      place(trunk);
    }
    std::vector<PlannedRow> planned;
    std::vector<DecodeRow> fixed(rows_.size());
    for (size_t r = 0; r < rows_.size(); ++r) {
      const CaseRow& row = rows_[r];
      planned.push_back({&trunks_[row.trunk], row.trunk_limit, row.own_length});
      fixed[r].trunk_limit = row.trunk_limit;
      fixed[r].trunk_list = trunk_starts[row.trunk];
      fixed[r].own_list = static_cast<int32_t>(blocks.size());
      place(owns_[r]);
      own_lengths.push_back(row.own_length + iteration);
      positions.push_back(row.trunk_limit + own_lengths.back() - 1);
      ends.push_back(row.end);
    }
    const DecodePlan plan =
        plan_decode(planned, shape_.iterations, shape_.num_heads, shape_.num_kv_heads, shape_.element);
    for (size_t r = 0; r < rows_.size(); ++r) fixed[r].first_result = plan.first_results[r];
    device_pool.write(to_elements(pool, shape_.element));

    const DeviceArray<const void*> device_blocks(blocks);
    const DeviceArray<DecodeRow> device_rows(fixed);
    const DeviceArray<int32_t> device_positions(positions), device_own_lengths(own_lengths), device_ends(ends);
    const DeviceArray<int32_t> drawn(zeros), order(plan.order),
        num_items(std::vector<int32_t>(1, static_cast<int32_t>(plan.items.size())));
    const DeviceArray<AttentionItem> items(plan.items);
    const auto queries = device_elements(queries_, shape_.element);
    const DeviceArray<unsigned char> output(queries_.size() * bytes());
    const DeviceArray<float> partial_outputs(static_cast<size_t>(plan.num_results) * query_width());
    const DeviceArray<float> partial_states(static_cast<size_t>(plan.num_results) * 2 * shape_.num_heads);
    DecodeRows rows{};
    rows.num_rows = static_cast<int32_t>(rows_.size());
    rows.rows = device_rows.data();
    rows.blocks = device_blocks.data();
    rows.positions = device_positions.data();
    rows.own_lengths = device_own_lengths.data();
    rows.ends = device_ends.data();
    rows.num_drawn = drawn.data();
    rows.capacity = shape_.iterations;
    const DecodeAttention args{queries.data(),         static_cast<int64_t>(query_width()),
                               output.data(),          layer_size * static_cast<int64_t>(bytes()),
                               shape_.window,          shape_.num_heads,
                               shape_.num_kv_heads,    shape_.head_size,
                               partial_outputs.data(), partial_states.data()};
    CHECK_LAUNCHED(
        decode_attention(args, rows, {items.data(), num_items.data(), order.data()}, shape_.element, nullptr));
    return element_values(output, shape_.element);
  }

  struct Expected {
    double value;
    double size;  // the mean magnitude of what it is the mean of
  };
  // Column d of head h of row r, in that iteration.
  Expected expected(int r, int h, int d, int iteration = 0) const {
    const CaseRow& row = rows_[r];
    const int own_length = row.own_length + iteration, position = row.trunk_limit + own_length - 1;
    const int kv_head = h / (shape_.num_heads / shape_.num_kv_heads);
    std::vector<double> scores;
    std::vector<float> values;
    const auto see = [&](const List& list, int token) {
      double score = 0;
      for (int i = 0; i < shape_.head_size; ++i) {
        score += double(queries_[r * query_width() + h * shape_.head_size + i]) * number(list, token, kv_head, i, 0);
      }
      scores.push_back(score);
      values.push_back(number(list, token, kv_head, d, 1));
    };
    for (int p = shape_.window > 0 ? std::max(0, position - shape_.window + 1) : 0; p <= position; ++p) {
      p < row.trunk_limit ? see(trunks_[row.trunk], p) : see(owns_[r], p - row.trunk_limit);
    }
    const double peak = *std::max_element(scores.begin(), scores.end());
    double total = 0, sum = 0, size = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      const double weight = std::exp(scores[i] - peak);
      total += weight;
      sum += weight * values[i];
      size += weight * std::abs(values[i]);
    }
    return {sum / total, size / total};
  }

  const CaseShape& shape() const { return shape_; }
  const std::vector<CaseRow>& rows() const { return rows_; }
  size_t query_width() const { return static_cast<size_t>(shape_.num_heads) * shape_.head_size; }

 private:
  struct List {
    std::vector<std::vector<float>> blocks;  // each [2, G, kKvTokens, D]
  };

  int64_t block_size() const { return int64_t{2} * shape_.num_kv_heads * kKvTokens * shape_.head_size; }
  size_t bytes() const { return element_bytes(shape_.element); }
  size_t index(int slot, int kv_head, int d, int part) const {
    return ((static_cast<size_t>(part) * shape_.num_kv_heads + kv_head) * kKvTokens + slot) * shape_.head_size + d;
  }
  float number(const List& list, int token, int kv_head, int d, int part) const {
    return list.blocks[token / kKvTokens][index(token % kKvTokens, kv_head, d, part)];
  }

  List random_list(int tokens, uint32_t seed) {
    List list;
    for (int start = 0; start < tokens; start += kKvTokens) {
      auto block = random_values(static_cast<size_t>(block_size()),
                                 seed * 64 + static_cast<uint32_t>(start / kKvTokens), shape_.element);
      for (int slot = tokens - start; slot < kKvTokens; ++slot) {
        for (int i = 0; i < 2 * shape_.num_kv_heads * shape_.head_size; ++i) {
          const int part = i / (shape_.num_kv_heads * shape_.head_size), head = i / shape_.head_size;
          block[index(slot, head % shape_.num_kv_heads, i % shape_.head_size, part)] =
              std::numeric_limits<float>::quiet_NaN();
        }
      }
      list.blocks.push_back(std::move(block));
      ++num_blocks_;
    }
    return list;
  }

  const CaseShape shape_;
  const std::vector<CaseRow> rows_;
  std::vector<int> names_;
  std::vector<List> trunks_, owns_;
  std::vector<float> queries_;  // [rows, H, D]
  int num_blocks_ = 0;
};

}  // namespace erprm::cuda
