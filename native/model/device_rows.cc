#include "model/device_rows.h"

#include <algorithm>
#include <limits>

#include "core/error.h"

namespace erprm {
namespace {

// Arrays begin where any of their element types may, and where device memory is read in whole lines.
constexpr int64_t kAlignment = 256;

int64_t grown(int64_t have, int64_t want) { return have >= want ? have : std::max(want, have + have / 2); }

}  // namespace

DeviceRows::Layout DeviceRows::layout_of(const Sizes& sizes) {
  Layout layout{};
  int64_t end = 0;
  const auto place = [&end](int64_t bytes) {
    const int64_t begin = end;
    end += (bytes + kAlignment - 1) / kAlignment * kAlignment;
    return begin;
  };
  const int64_t numbers = sizes.rows * static_cast<int64_t>(sizeof(int32_t));
  // Lists, of which only what is used is copied.
  layout.blocks = place(sizes.blocks * static_cast<int64_t>(sizeof(KvBlock)));
  layout.stop_tokens = place(sizes.stop_tokens * static_cast<int64_t>(sizeof(int32_t)));
  layout.items = place(sizes.items * static_cast<int64_t>(sizeof(cuda::AttentionItem)));
  // From here on, up to drawn_tokens, what is copied whole.
  layout.rows = place(sizes.rows * static_cast<int64_t>(sizeof(cuda::DecodeRow)));
  layout.kv_rows = place(sizes.rows * static_cast<int64_t>(sizeof(void*)));
  layout.num_items = place(sizeof(int32_t));
  layout.order = place(numbers);
  layout.logit_rows = place(numbers);
  layout.tokens = place(numbers);
  layout.positions = place(numbers);
  layout.own_lengths = place(numbers);
  layout.tokens_left = place(numbers);
  // From here on what is read back.
  layout.ends = place(numbers);
  layout.num_drawn = place(numbers);
  layout.drawn_tokens = place(numbers * sizes.capacity);
  layout.drawn_log_probabilities = place(numbers * sizes.capacity);
  layout.end = end;
  return layout;
}

bool DeviceRows::holds(const Sizes& sizes) const {
  return sizes.rows <= sizes_.rows && sizes.capacity <= sizes_.capacity && sizes.blocks <= sizes_.blocks &&
         sizes.stop_tokens <= sizes_.stop_tokens && sizes.items <= sizes_.items;
}

void DeviceRows::reserve(const Sizes& wanted, const AcceleratorStream& stream) {
  if (holds(wanted)) return;
  const Sizes next{grown(sizes_.rows, wanted.rows),     grown(sizes_.capacity, wanted.capacity),
                   grown(sizes_.blocks, wanted.blocks), grown(sizes_.stop_tokens, wanted.stop_tokens),
                   grown(sizes_.items, wanted.items),   wanted.token_bytes};
  sizes_ = {};  // should there be no memory
  host_ = device_ = at::Tensor();
  layout_ = layout_of(next);
  host_ = stream.host_empty({layout_.end}, at::kByte);
  device_ = stream.empty({layout_.end}, at::kByte);
  sizes_ = next;
}

int32_t DeviceRows::add_blocks(const std::vector<KvBlock>& blocks) {
  const auto [entry, is_new] = lists_.try_emplace(&blocks, static_cast<int32_t>(num_blocks_));
  if (!is_new) return entry->second;
  const int64_t count = static_cast<int64_t>(blocks.size());
  require(num_blocks_ + count <= sizes_.blocks, ErrorCode::INTERNAL, "Expected at most ", sizes_.blocks,
          " blocks of keys and values in a burst, received more");
  std::copy(blocks.begin(), blocks.end(), host<KvBlock>(layout_.blocks) + num_blocks_);
  num_blocks_ += count;
  return entry->second;
}

int32_t DeviceRows::add_stop_tokens(const std::vector<int32_t>& tokens) {
  const auto [entry, is_new] = lists_.try_emplace(&tokens, static_cast<int32_t>(num_stop_tokens_));
  if (!is_new) return entry->second;
  const int64_t count = static_cast<int64_t>(tokens.size());
  require(num_stop_tokens_ + count <= sizes_.stop_tokens, ErrorCode::INTERNAL, "Expected at most ", sizes_.stop_tokens,
          " stop tokens in a burst, received more");
  std::copy(tokens.begin(), tokens.end(), host<int32_t>(layout_.stop_tokens) + num_stop_tokens_);
  num_stop_tokens_ += count;
  return entry->second;
}

void DeviceRows::fill_row(const BurstRow& row, int64_t r) {
  cuda::DecodeRow& fixed = host<cuda::DecodeRow>(layout_.rows)[r];
  fixed.draw = row.draw;
  fixed.sampling = row.sampling;
  fixed.trunk_limit = row.trunk_limit;
  fixed.trunk_list = add_blocks(*row.trunk_blocks);
  fixed.own_list = add_blocks(*row.own_blocks);
  fixed.stop_list = add_stop_tokens(*row.stop_tokens);
  fixed.num_stops = static_cast<int32_t>(row.stop_tokens->size());
  char* place = nullptr;
  if (row.own_length > 0) {
    const int32_t slot = row.own_length - 1;
    place = reinterpret_cast<char*>((*row.own_blocks)[slot / kKvTokens]) + slot % kKvTokens * sizes_.token_bytes;
  }
  host<char*>(layout_.kv_rows)[r] = place;
  host<int32_t>(layout_.tokens)[r] = row.token;
  host<int32_t>(layout_.positions)[r] = std::max(0, row.trunk_limit + row.own_length - 1);
  host<int32_t>(layout_.own_lengths)[r] = row.own_length;
  host<int32_t>(layout_.tokens_left)[r] = row.tokens_left;
  host<int32_t>(layout_.ends)[r] = cuda::kRowRuns;
}

void DeviceRows::fill_padding(int64_t r) {
  host<cuda::DecodeRow>(layout_.rows)[r] = {};
  host<char*>(layout_.kv_rows)[r] = nullptr;
  host<int32_t>(layout_.tokens)[r] = 0;
  host<int32_t>(layout_.positions)[r] = 0;
  host<int32_t>(layout_.own_lengths)[r] = 1;
  host<int32_t>(layout_.tokens_left)[r] = 0;
  host<int32_t>(layout_.ends)[r] = cuda::kRowPadding;
}

void DeviceRows::fill(std::span<const BurstRow> rows, int64_t num_rows, int64_t capacity, const cuda::DecodePlan* plan,
                      std::span<const int32_t> logit_rows) {
  const int64_t count = static_cast<int64_t>(rows.size());
  require(count <= num_rows && num_rows <= sizes_.rows && capacity <= sizes_.capacity, ErrorCode::INTERNAL,
          "Expected a burst of at most ", sizes_.rows, " rows of ", sizes_.capacity, " tokens, received ", num_rows,
          " of ", capacity);
  num_rows_ = num_rows;
  capacity_ = capacity;
  lists_.clear();
  num_blocks_ = num_stop_tokens_ = 0;
  for (int64_t r = 0; r < num_rows; ++r) {
    if (r < count) {
      fill_row(rows[r], r);
    } else {
      fill_padding(r);
    }
    host<int32_t>(layout_.order)[r] = static_cast<int32_t>(r);
    host<int32_t>(layout_.num_drawn)[r] = 0;
  }
  *host<int32_t>(layout_.num_items) = 0;
  if (plan != nullptr) {
    std::copy(plan->items.begin(), plan->items.end(), host<cuda::AttentionItem>(layout_.items));
    *host<int32_t>(layout_.num_items) = static_cast<int32_t>(plan->items.size());
    std::copy(plan->order.begin(), plan->order.end(), host<int32_t>(layout_.order));
    for (int64_t r = 0; r < count; ++r) {
      host<cuda::DecodeRow>(layout_.rows)[r].first_result = plan->first_results[r];
    }
  }
  std::copy(logit_rows.begin(), logit_rows.end(), host<int32_t>(layout_.logit_rows));
  upload(layout_.blocks, num_blocks_ * static_cast<int64_t>(sizeof(KvBlock)));
  upload(layout_.stop_tokens, num_stop_tokens_ * static_cast<int64_t>(sizeof(int32_t)));
  if (plan != nullptr) {
    upload(layout_.items, static_cast<int64_t>(plan->items.size() * sizeof(cuda::AttentionItem)));
  }
  upload(layout_.rows, layout_.drawn_tokens - layout_.rows);
}

// Queues the copy of a part of the host's array to the same place on the device.
void DeviceRows::upload(int64_t begin, int64_t bytes) {
  if (bytes > 0) device_.narrow(0, begin, bytes).copy_(host_.narrow(0, begin, bytes), true);
}

cuda::DecodeRows DeviceRows::rows() const {
  return {static_cast<int32_t>(num_rows_),
          device<cuda::DecodeRow>(layout_.rows),
          device<const void*>(layout_.blocks),
          device<int32_t>(layout_.stop_tokens),
          device<int32_t>(layout_.tokens),
          device<int32_t>(layout_.positions),
          device<int32_t>(layout_.own_lengths),
          device<int32_t>(layout_.tokens_left),
          device<int32_t>(layout_.ends),
          device<void*>(layout_.kv_rows),
          device<int32_t>(layout_.num_drawn),
          device<int32_t>(layout_.drawn_tokens),
          device<float>(layout_.drawn_log_probabilities),
          static_cast<int32_t>(capacity_),
          static_cast<int32_t>(sizes_.token_bytes)};
}

cuda::AttentionPlan DeviceRows::plan() const {
  return {device<cuda::AttentionItem>(layout_.items), device<int32_t>(layout_.num_items),
          device<int32_t>(layout_.order)};
}

const int32_t* DeviceRows::logit_rows() const { return device<int32_t>(layout_.logit_rows); }

void DeviceRows::read_back() {
  const int64_t count = layout_.end - layout_.ends;
  host_.narrow(0, layout_.ends, count).copy_(device_.narrow(0, layout_.ends, count), true);
}

int32_t DeviceRows::num_drawn(int64_t row) const { return host<int32_t>(layout_.num_drawn)[row]; }

SampledToken DeviceRows::drawn(int64_t row, int64_t index) const {
  const int64_t place = row * capacity_ + index;
  return {host<int32_t>(layout_.drawn_tokens)[place], host<float>(layout_.drawn_log_probabilities)[place]};
}

}  // namespace erprm
