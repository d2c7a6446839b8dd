#include "model/decode_burst.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <vector>

#include "kernels/cuda_sampling.h"

namespace erprm {
namespace {

// Partial results for whole contexts are planned for up to so many bytes, and otherwise for so many tokens.
constexpr int64_t kPlannedBytes = int64_t{1} << 30;
constexpr int64_t kPlannedContext = 4096;
constexpr int64_t kPlannedStopTokens = 1 << 16;

}  // namespace

DecodeBurst::DecodeBurst(const AcceleratorTransformer& transformer, int64_t most_rows, int64_t capacity)
    : transformer_(transformer),
      capacity_(capacity),
      buffers_(transformer.buffers(bucket_of(most_rows))),
      logits_(transformer.stream().empty({bucket_of(most_rows), transformer.config().vocabulary_size}, at::kFloat)) {
  const ModelConfig& config = transformer.config();
  const int64_t rows = logits_.size(0), result_bytes = int64_t{config.num_heads} * (config.head_size + 2) * 4;
  int64_t context = config.context_length;
  if (cuda::max_results(rows, context) * result_bytes > kPlannedBytes) context = std::min(context, kPlannedContext);
  const int64_t items = cuda::max_items(rows, context, config.num_heads, config.num_kv_heads);
  reserve(0, kPlannedStopTokens, items, cuda::max_results(rows, context));
}

int64_t DecodeBurst::bucket_of(int64_t rows) {
  if (rows > 64) return (rows + 63) / 64 * 64;
  int64_t bucket = 1;
  while (bucket < rows) bucket *= 2;
  return bucket;
}

void DecodeBurst::reserve_blocks(int64_t num_blocks) { reserve(num_blocks, 0, 0, 0); }

// Room for so much. Graphs hold addresses: they are forgotten before one changes.
void DecodeBurst::reserve(int64_t blocks, int64_t stop_tokens, int64_t items, int64_t results) {
  const ModelConfig& config = transformer_.config();
  const AcceleratorStream& stream = transformer_.stream();
  const int64_t token_bytes = config.head_size * static_cast<int64_t>(c10::elementSize(transformer_.type()));
  const DeviceRows::Sizes sizes{logits_.size(0), capacity_, blocks, stop_tokens, items, token_bytes};
  const int64_t have = partial_states_.defined() ? partial_states_.size(0) : 0;
  if (results <= have && device_rows_.holds(sizes)) return;
  graphs_.clear();
  ++num_reservations_;
  device_rows_.reserve(sizes, stream);
  if (results <= have) return;
  const int64_t next = std::max(results, have + have / 2);
  partial_outputs_ = partial_states_ = at::Tensor();  // before new ones are taken
  partial_outputs_ = stream.empty({next, config.num_heads, config.head_size}, at::kFloat);
  partial_states_ = stream.empty({next, config.num_heads, 2}, at::kFloat);
}

void DecodeBurst::reserve_for(std::span<const BurstRow> rows, const cuda::DecodePlan* plan) {
  int64_t blocks = 0, stop_tokens = 0;
  std::unordered_set<const void*> seen;
  for (const BurstRow& row : rows) {
    if (seen.insert(row.trunk_blocks).second) blocks += static_cast<int64_t>(row.trunk_blocks->size());
    if (seen.insert(row.stop_tokens).second) stop_tokens += static_cast<int64_t>(row.stop_tokens->size());
    blocks += static_cast<int64_t>(row.own_blocks->size());
  }
  const int64_t items = plan == nullptr ? 0 : static_cast<int64_t>(plan->items.size());
  reserve(blocks, stop_tokens, items, plan == nullptr ? 0 : plan->num_results);
}

void DecodeBurst::run(std::span<const BurstRow> rows, int iterations, const AcceleratorKvPool& pool) {
  const ModelConfig& config = transformer_.config();
  std::vector<cuda::PlannedRow> planned;
  for (const BurstRow& row : rows) planned.push_back({row.trunk_blocks, row.trunk_limit, row.own_length});
  const cuda::DecodePlan plan =
      cuda::plan_decode(planned, iterations, config.num_heads, config.num_kv_heads, transformer_.element());
  reserve_for(rows, &plan);
  const int64_t num_rows = bucket_of(static_cast<int64_t>(rows.size()));
  device_rows_.fill(rows, num_rows, capacity_, &plan, {});
  graphs_.run(num_rows, iterations, [&] { iterate(num_rows, pool); });
  device_rows_.read_back();
  transformer_.stream().synchronize();
}

void DecodeBurst::draw_first(std::span<const BurstRow> rows, const at::Tensor& hidden,
                             std::span<const int32_t> logit_rows) {
  reserve_for(rows, nullptr);
  device_rows_.fill(rows, bucket_of(static_cast<int64_t>(rows.size())), 1, nullptr, logit_rows);
  transformer_.logits(hidden, logits_.narrow(0, 0, hidden.size(0)));
  sample(device_rows_.logit_rows());
  device_rows_.read_back();
  transformer_.stream().synchronize();
}

void DecodeBurst::iterate(int64_t num_rows, const AcceleratorKvPool& pool) {
  const cuda::DecodeRows rows = device_rows_.rows();
  const RowBuffers buffers = buffers_.first(num_rows);
  transformer_.embed(rows.tokens, rows.positions, buffers);
  const float query_scale = 1.0f / std::sqrt(static_cast<float>(transformer_.config().head_size));
  const auto attend = [&](int layer, const at::Tensor& qkv, const at::Tensor& attended) {
    this->attend(layer, qkv, attended, pool);
  };
  const at::Tensor hidden = transformer_.layers(buffers, {rows.kv_rows, pool.layer_stride()}, query_scale, attend);
  transformer_.logits(hidden, logits_.narrow(0, 0, num_rows));
  sample(nullptr);
}

void DecodeBurst::attend(int layer, const at::Tensor& qkv, const at::Tensor& attended, const AcceleratorKvPool& pool) {
  const ModelConfig& config = transformer_.config();
  const int64_t layer_bytes = pool.layer_stride() * static_cast<int64_t>(c10::elementSize(transformer_.type())) * layer;
  const cuda::DecodeAttention args{qkv.const_data_ptr(),
                                   qkv.stride(0),
                                   attended.data_ptr(),
                                   layer_bytes,
                                   config.sliding_layers[layer] != 0 ? config.sliding_window : 0,
                                   config.num_heads,
                                   config.num_kv_heads,
                                   config.head_size,
                                   partial_outputs_.data_ptr<float>(),
                                   partial_states_.data_ptr<float>()};
  check_launch(
      cuda::decode_attention(args, device_rows_.rows(), device_rows_.plan(), transformer_.element(), current_stream()),
      "decode_attention", {&qkv, &attended});
}

void DecodeBurst::sample(const int32_t* logit_rows) {
  check_launch(cuda::sample_rows(logits_.const_data_ptr<float>(), logits_.stride(0), logit_rows,
                                 transformer_.config().vocabulary_size, device_rows_.rows(), current_stream()),
               "sample_rows", {&logits_});
}

}  // namespace erprm
