// DecodeBurst: several tokens for each of many completions without the host in between.
//
// One iteration feeds every row's last token and draws the next one on the device; a row that ended is passed over. A
// burst is the same launches a few times over, as a graph for each bucket of row counts (launch_graphs.h).
// Thread: device thread only.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "model/accelerator_kv_pool.h"
#include "model/accelerator_transformer.h"
#include "model/device_rows.h"
#include "model/launch_graphs.h"

namespace erprm {

class DecodeBurst {
 public:
  // Takes the memory for `most_rows` rows that draw `capacity` tokens a burst, all but that of reserve_blocks. What
  // bursts need beyond that they take when they need it: over 65536 stop tokens; prefixes and completions of over 4096
  // tokens where planning for the whole context would take more than a gigabyte. All references are used as long as
  // this lives.
  DecodeBurst(const AcceleratorTransformer& transformer, int64_t most_rows, int64_t capacity);

  // Takes the memory for rows with so many blocks of keys and values in all.
  void reserve_blocks(int64_t num_blocks);

  // How often memory was taken, so that addresses changed and graphs were forgotten: twice before the first burst.
  int64_t num_reservations() const { return num_reservations_; }

  // Draws up to `iterations` tokens, at most `capacity`, for each row, one token or more of which was drawn before.
  // Waits for the device. REQUIRES: the transformer's stream is in use; rows hold blocks for what they draw.
  void run(std::span<const BurstRow> rows, int iterations, const AcceleratorKvPool& pool);

  // Draws the first token of each row from row logit_rows[r] of `hidden` T [any, C], the final hidden states of
  // prefixes. Waits for the device.
  void draw_first(std::span<const BurstRow> rows, const at::Tensor& hidden, std::span<const int32_t> logit_rows);

  // What was drawn last, by row: after draw_first one token each.
  int32_t num_drawn(int64_t row) const { return device_rows_.num_drawn(row); }
  SampledToken drawn(int64_t row, int64_t index) const { return device_rows_.drawn(row, index); }

  // The logits of the last iteration, or of draw_first: f32 [most_rows, V] on the device.
  const at::Tensor& logits() const { return logits_; }

  // Rows with padding: as many as a bucket holds.
  static int64_t bucket_of(int64_t rows);

 private:
  void reserve(int64_t blocks, int64_t stop_tokens, int64_t items, int64_t results);
  void reserve_for(std::span<const BurstRow> rows, const cuda::DecodePlan* plan);
  void iterate(int64_t num_rows, const AcceleratorKvPool& pool);
  void attend(int layer, const at::Tensor& qkv, const at::Tensor& attended, const AcceleratorKvPool& pool);
  void sample(const int32_t* logit_rows);

  const AcceleratorTransformer& transformer_;
  const int64_t capacity_;
  RowBuffers buffers_;
  at::Tensor logits_;                            // f32 [most_rows, V]
  at::Tensor partial_outputs_, partial_states_;  // f32 [results, H, D] and [results, H, 2]
  DeviceRows device_rows_;
  LaunchGraphs graphs_;
  int64_t num_reservations_ = 0;
};

}  // namespace erprm
