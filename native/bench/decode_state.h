// decode_state: rows of a burst on the device, for benchmarks of the kernels that work on them.
#pragma once

#include "bench/context.h"
#include "kernels/cuda_decode_rows.h"
#include "kernels/decode_plan.h"

namespace erprm::bench {

struct DecodeShape {
  int rows = 0;           // B
  int rows_a_trunk = 32;  // completions that share a trunk
  int trunk_tokens = 512;
  int own_tokens = 128;
  int num_heads = 32, num_kv_heads = 8, head_size = 128;  // H, G, D
  SamplingOptions sampling = {.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0};
};

class DecodeState {
 public:
  static constexpr int kCapacity = 1024;  // tokens that every row can still draw

  DecodeState(const Context& context, const DecodeShape& shape);

  const cuda::DecodeRows& rows() const { return rows_; }
  cuda::AttentionPlan plan() const;
  int64_t num_results() const { return num_results_; }

  // bf16 [blocks, 2, G, kKvTokens, D]: all keys and values that attention reads. First those of the trunks, in their
  // order, then those of the rows' own tokens.
  at::Tensor pool() const { return tensors_.front(); }
  int blocks_a_trunk() const { return blocks_a_trunk_; }
  int blocks_a_row() const { return blocks_a_row_; }
  int num_trunks() const { return num_trunks_; }

 private:
  template <typename T>
  T* keep(at::Tensor tensor) {
    tensors_.push_back(std::move(tensor));
    return static_cast<T*>(tensors_.back().mutable_data_ptr());
  }

  std::vector<at::Tensor> tensors_;
  cuda::DecodeRows rows_{};
  cuda::AttentionPlan plan_{};
  int64_t num_results_ = 0;
  int num_trunks_ = 0, blocks_a_trunk_ = 0, blocks_a_row_ = 0;
};

}  // namespace erprm::bench
