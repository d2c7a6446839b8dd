// DeviceRows: the rows of a burst (kernels/cuda_decode_rows.h) as they lie on the device, and the host's copy of them.
// The host fills everything before a burst and reads what was drawn after it; nothing outlives a burst.
//
// All arrays are parts of one allocation, so that filling is a few copies and reading one.
// Thread: device thread only.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/philox.h"
#include "kernels/cuda_attention.h"
#include "kernels/cuda_decode_rows.h"
#include "kernels/decode_plan.h"
#include "kernels/kernel_table.h"
#include "model/accelerator_stream.h"
#include "model/block_pool.h"

namespace erprm {

// One completion, as the host knows it.
struct BurstRow {
  DrawCoordinates draw;  // `position` is own_length
  SamplingOptions sampling;
  const std::vector<KvBlock>* trunk_blocks;
  int32_t trunk_limit;
  const std::vector<KvBlock>* own_blocks;  // for own_length + iterations - 1 tokens
  int32_t token;       // the last one drawn, whose key and value are not stored yet; any valid one when none was
  int32_t own_length;  // tokens drawn
  int32_t tokens_left;
  const std::vector<int32_t>* stop_tokens;  // rows of one request share them
};

class DeviceRows {
 public:
  struct Sizes {
    int64_t rows;         // most rows, padding included
    int64_t capacity;     // most tokens of a burst
    int64_t blocks;       // most handles of all lists together
    int64_t stop_tokens;  // likewise
    int64_t items;        // most items of a plan
    int64_t token_bytes;  // of one token's key in one head
  };

  bool holds(const Sizes& sizes) const;
  // Takes arrays of at least these sizes, at other addresses, unless they hold that. REQUIRES: the last burst was read.
  void reserve(const Sizes& sizes, const AcceleratorStream& stream);

  // Fills rows [0, rows.size()); those behind, up to num_rows, are padding. Each may draw up to `capacity` tokens.
  // Queues the copy. `plan` may be null, `logit_rows` empty. REQUIRES: everything fits, and the last burst has been
  // read.
  void fill(std::span<const BurstRow> rows, int64_t num_rows, int64_t capacity, const cuda::DecodePlan* plan,
            std::span<const int32_t> logit_rows);

  // The arguments of kernels for what was filled.
  cuda::DecodeRows rows() const;
  cuda::AttentionPlan plan() const;
  const int32_t* logit_rows() const;

  // Queues the copy of what was drawn; the readers below are for after it is done.
  void read_back();
  int32_t num_drawn(int64_t row) const;
  SampledToken drawn(int64_t row, int64_t index) const;

 private:
  // Where an array begins, in bytes from the start of the allocation.
  struct Layout {
    int64_t blocks, stop_tokens, items, rows, kv_rows, num_items, order, logit_rows, tokens, positions, own_lengths,
        tokens_left, ends, num_drawn, drawn_tokens, drawn_log_probabilities, end;
  };

  static Layout layout_of(const Sizes& sizes);
  template <typename T>
  T* host(int64_t offset) const {
    return reinterpret_cast<T*>(static_cast<char*>(host_.data_ptr()) + offset);
  }
  template <typename T>
  T* device(int64_t offset) const {
    return reinterpret_cast<T*>(static_cast<char*>(device_.data_ptr()) + offset);
  }
  void fill_row(const BurstRow& row, int64_t index);
  void fill_padding(int64_t index);
  void upload(int64_t begin, int64_t bytes);
  int32_t add_blocks(const std::vector<KvBlock>& blocks);
  int32_t add_stop_tokens(const std::vector<int32_t>& tokens);

  Sizes sizes_{};
  Layout layout_{};
  at::Tensor host_, device_;  // u8 [end]
  int64_t num_rows_ = 0, capacity_ = 0;
  // Lists that have been added, and where.
  std::unordered_map<const void*, int32_t> lists_;
  int64_t num_blocks_ = 0, num_stop_tokens_ = 0;
};

}  // namespace erprm
