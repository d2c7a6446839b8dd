#include "ops/packed_attention.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>

#include "core/error.h"
#include "core/ragged.h"
#include "ops/flash_attention.h"
#include "ops/training_ops.h"
#include "ops/upload.h"

namespace erprm {
namespace {

AttentionShape shape_of(const at::Tensor& q, const at::Tensor& k, int window) {
  return {static_cast<int>(q.size(1)), static_cast<int>(k.size(1)), static_cast<int>(q.size(2)), window};
}

void check(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const PackedOffsets& offsets, int window) {
  require(q.dim() == 3 && k.dim() == 3 && v.sizes() == k.sizes() && k.size(0) == q.size(0) && k.size(2) == q.size(2) &&
              k.size(1) > 0 && q.size(1) % k.size(1) == 0,
          ErrorCode::INVALID_ARGUMENT,
          "Expected q [T, H, D] and k and v [T, G, D] with a number of heads that is a multiple of that of kv heads");
  require(offsets.host.back() == q.size(0), ErrorCode::INVALID_ARGUMENT, "Expected the sequences to hold all ",
          q.size(0), " tokens, received offsets to ", offsets.host.back());
  require(window >= 0, ErrorCode::INVALID_ARGUMENT, "Expected a window of at least 0, received ", window);
}

// [T, heads D], without gaps
at::Tensor rows(const at::Tensor& x) { return x.reshape({x.size(0), x.size(1) * x.size(2)}).contiguous(); }

}  // namespace

PackedOffsets place_offsets(std::vector<int32_t> offsets, at::Device device) {
  check_offsets("offsets", offsets, offsets.empty() ? 0 : offsets.back());
  int32_t longest = 0;
  for (size_t s = 1; s < offsets.size(); ++s) longest = std::max(longest, offsets[s] - offsets[s - 1]);
  at::Tensor placed = upload(offsets, device);
  return {std::move(offsets), std::move(placed), longest};
}

PackedAttention packed_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 const PackedOffsets& offsets, int window) {
  check(q, k, v, offsets, window);
  if (q.size(0) > 0 && flash_attention_takes(q)) return flash_attention(q, k, v, offsets, window);
  const at::Tensor wide = rows(q), out = at::empty_like(wide);
  const at::Tensor log_sums = at::empty({q.size(0), q.size(1)}, q.options().dtype(at::kFloat));
  causal_attention_forward(wide, rows(k), rows(v), offsets.host, shape_of(q, k, window), out, log_sums);
  return {out.view(q.sizes()), log_sums.t()};
}

PackedGradients packed_attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k,
                                          const at::Tensor& v, const PackedAttention& forward,
                                          const PackedOffsets& offsets, int window) {
  check(q, k, v, offsets, window);
  if (q.size(0) > 0 && flash_attention_takes(q)) {
    return flash_attention_backward(dout, q, k, v, forward, offsets, window);
  }
  const at::Tensor wide = rows(q), keys = rows(k), values = rows(v);
  const at::Tensor dq = at::empty_like(wide), dk = at::empty_like(keys), dv = at::empty_like(values);
  causal_attention_backward(rows(dout), wide, keys, values, rows(forward.out), forward.log_sums.t().contiguous(),
                            offsets.host, shape_of(q, k, window), dq, dk, dv);
  return {dq.view(q.sizes()), dk.view(k.sizes()), dv.view(v.sizes())};
}

}  // namespace erprm
