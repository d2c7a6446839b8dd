#include "ops/training_reference.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "ops/torch_product.h"

namespace erprm::reference {
namespace {

// Logits in one chunk of rows.
constexpr int64_t kChunkLogits = int64_t{8} << 20;
// Scores that exist at a time in the forward pass, unless one query has more.
constexpr int64_t kMostScores = int64_t{16} << 20;

at::Tensor f32(const at::Tensor& x) { return x.to(at::kFloat); }

at::Tensor indices(std::span<const int32_t> tokens, const at::Tensor& like) {
  const at::Tensor host = at::empty({static_cast<int64_t>(tokens.size())}, at::kLong);
  std::copy(tokens.begin(), tokens.end(), host.data_ptr<int64_t>());
  return host.to(like.device());
}

// Rows [first, first + length) as heads: [heads, length, D] in f32, each kv head repeated for its query heads.
at::Tensor heads_of(const at::Tensor& x, int64_t first, int64_t length, int64_t heads, int64_t repeats) {
  const at::Tensor rows = f32(x.narrow(0, first, length)).view({length, heads, -1}).transpose(0, 1);
  return repeats == 1 ? rows : rows.repeat_interleave(repeats, 0);
}

// Sums the gradients of a kv head's query heads: [H, n, D] -> [n, G D].
at::Tensor gathered(const at::Tensor& gradient, int64_t kv_heads) {
  const int64_t length = gradient.size(1);
  return gradient.view({kv_heads, -1, length, gradient.size(2)}).sum(1).transpose(0, 1).reshape({length, -1});
}

// Scaled scores [H, m, n] of the queries [n - m, n) of one sequence, minus infinity where a query does not see a key.
at::Tensor scores_of(const at::Tensor& q, const at::Tensor& k, const AttentionShape& shape) {
  const at::Tensor positions = at::arange(k.size(1), q.options().dtype(at::kLong));
  const at::Tensor distance = positions.narrow(0, k.size(1) - q.size(1), q.size(1)).unsqueeze(1) - positions;
  at::Tensor hidden = distance.lt(0);
  if (shape.window > 0) hidden = hidden.logical_or(distance.ge(shape.window));
  return q.matmul(k.transpose(1, 2)).mul_(1.0 / std::sqrt(shape.head_size)).masked_fill_(hidden, -INFINITY);
}

}  // namespace

void product_nt(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate) {
  torch_product(x, w.t(), y, accumulate);
}

void product_nn(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate) {
  torch_product(x, w, y, accumulate);
}

void product_tn(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate) {
  torch_product(x.t(), w, y, accumulate);
}

void rms_norm_forward(const at::Tensor& x, const at::Tensor& weight, double epsilon, const at::Tensor& y,
                      const at::Tensor& inverse_rms) {
  const c10::NoGradGuard plain;
  const at::Tensor wide = f32(x);
  const at::Tensor factor = wide.square().mean(-1).add_(epsilon).rsqrt_();
  inverse_rms.copy_(factor);
  y.copy_(wide * factor.unsqueeze(-1) * f32(weight));
}

void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                       const at::Tensor& inverse_rms, const at::Tensor& dx, const at::Tensor& dweight) {
  const c10::NoGradGuard plain;
  const at::Tensor factor = f32(inverse_rms).unsqueeze(-1);
  const at::Tensor normal = f32(x) * factor;
  const at::Tensor gradient = f32(dy);
  const at::Tensor weighted = gradient * f32(weight);
  if (dweight.defined()) dweight.add_((gradient * normal).sum(0));
  dx.copy_((weighted - normal * (weighted * normal).mean(-1, true)) * factor);
}

void swiglu_forward(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y) {
  const c10::NoGradGuard plain;
  const at::Tensor wide = f32(gate);
  y.copy_(wide.sigmoid().mul_(wide).mul_(f32(up)));
}

void swiglu_backward(const at::Tensor& dy, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& dgate,
                     const at::Tensor& dup) {
  const c10::NoGradGuard plain;
  const at::Tensor wide = f32(gate), gradient = f32(dy), open = wide.sigmoid();
  const at::Tensor to_up = gradient * wide * open;
  const at::Tensor to_gate = gradient * f32(up) * open * (1 + wide * (1 - open));
  dup.copy_(to_up);
  dgate.copy_(to_gate);
}

void rotate_heads(const at::Tensor& x, const at::Tensor& cosines, const at::Tensor& sines, bool inverse) {
  const c10::NoGradGuard plain;
  const int64_t half = cosines.size(1);
  const at::Tensor pairs = x.view({x.size(0), -1, 2, half});
  const at::Tensor cosine = f32(cosines).unsqueeze(1);
  const at::Tensor sine = inverse ? -f32(sines).unsqueeze(1) : f32(sines).unsqueeze(1);
  const at::Tensor first = f32(pairs.select(2, 0)).clone(), second = f32(pairs.select(2, 1)).clone();
  pairs.select(2, 0).copy_(first * cosine - second * sine);
  pairs.select(2, 1).copy_(second * cosine + first * sine);
}

void causal_attention_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              std::span<const int32_t> offsets, const AttentionShape& shape, const at::Tensor& out,
                              const at::Tensor& log_sums) {
  const c10::NoGradGuard plain;
  const int64_t group = shape.num_heads / shape.num_kv_heads;
  for (size_t s = 0; s + 1 < offsets.size(); ++s) {
    const int64_t first = offsets[s], length = offsets[s + 1] - first;
    if (length == 0) continue;
    const at::Tensor keys = heads_of(k, first, length, shape.num_kv_heads, group);
    const at::Tensor values = heads_of(v, first, length, shape.num_kv_heads, group);
    const int64_t most = std::clamp<int64_t>(kMostScores / (shape.num_heads * length), 1, length);
    for (int64_t begin = 0; begin < length; begin += most) {
      const int64_t queries = std::min(most, length - begin), seen = begin + queries;
      at::Tensor shares =
          scores_of(heads_of(q, first + begin, queries, shape.num_heads, 1), keys.narrow(1, 0, seen), shape);
      const at::Tensor sums = shares.logsumexp(-1);
      shares.sub_(sums.unsqueeze(-1)).exp_();
      out.narrow(0, first + begin, queries)
          .copy_(shares.matmul(values.narrow(1, 0, seen)).transpose(0, 1).reshape({queries, -1}));
      log_sums.narrow(0, first + begin, queries).copy_(sums.t());
    }
  }
}

void causal_attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               const at::Tensor& out, const at::Tensor& log_sums, std::span<const int32_t> offsets,
                               const AttentionShape& shape, const at::Tensor& dq, const at::Tensor& dk,
                               const at::Tensor& dv) {
  const c10::NoGradGuard plain;
  const int64_t heads = shape.num_heads, kv_heads = shape.num_kv_heads, group = heads / kv_heads;
  const double scale = 1.0 / std::sqrt(shape.head_size);
  for (size_t s = 0; s + 1 < offsets.size(); ++s) {
    const int64_t first = offsets[s], length = offsets[s + 1] - first;
    if (length == 0) continue;
    const at::Tensor queries = heads_of(q, first, length, heads, 1);
    const at::Tensor keys = heads_of(k, first, length, kv_heads, group);
    const at::Tensor values = heads_of(v, first, length, kv_heads, group);
    const at::Tensor gradient = heads_of(dout, first, length, heads, 1);
    const at::Tensor result = heads_of(out, first, length, heads, 1);
    const at::Tensor sums = f32(log_sums.narrow(0, first, length)).t().unsqueeze(-1);
    const at::Tensor shares = (scores_of(queries, keys, shape) - sums).exp_();
    const at::Tensor own = (gradient * result).sum(-1, true);
    const at::Tensor dscores = (gradient.matmul(values.transpose(1, 2)) - own).mul_(shares).mul_(scale);
    dv.narrow(0, first, length).copy_(gathered(shares.transpose(1, 2).matmul(gradient), kv_heads));
    dk.narrow(0, first, length).copy_(gathered(dscores.transpose(1, 2).matmul(queries), kv_heads));
    dq.narrow(0, first, length).copy_(dscores.matmul(keys).transpose(0, 1).reshape({length, -1}));
  }
}

void embedding_forward(std::span<const int32_t> tokens, const at::Tensor& weight, const at::Tensor& x) {
  const c10::NoGradGuard plain;
  x.copy_(weight.index_select(0, indices(tokens, weight)));
}

void embedding_backward(const at::Tensor& dx, std::span<const int32_t> tokens, const at::Tensor& dweight) {
  const c10::NoGradGuard plain;
  // Not index_add_: on a GPU its order of additions is chance.
  dweight.index_put_({indices(tokens, dx)}, dx.to(dweight.scalar_type()), true);
}

void next_token_loss(const at::Tensor& hidden, const at::Tensor& weight, std::span<const int32_t> tokens,
                     std::span<const float> weights, const at::Tensor& losses, const at::Tensor& dhidden,
                     const at::Tensor& dweight) {
  const c10::NoGradGuard plain;
  const int64_t count = hidden.size(0), chunk = std::max<int64_t>(1, kChunkLogits / weight.size(0));
  const at::Tensor targets = indices(tokens, hidden).unsqueeze(-1);
  at::Tensor factors;
  if (dhidden.defined()) {
    factors = at::empty({count, 1}, at::kFloat);
    std::copy(weights.begin(), weights.end(), factors.data_ptr<float>());
    factors = factors.to(hidden.device());
  }
  for (int64_t first = 0; first < count; first += chunk) {
    const int64_t rows = std::min(chunk, count - first);
    const at::Tensor part = hidden.narrow(0, first, rows), target = targets.narrow(0, first, rows);
    at::Tensor logits = f32(part.mm(weight.t()));
    logits.sub_(logits.logsumexp(-1, true));
    losses.narrow(0, first, rows).copy_(logits.gather(1, target).squeeze(-1).neg_());
    if (!dhidden.defined()) continue;
    const at::Tensor factor = factors.narrow(0, first, rows);
    logits.exp_().mul_(factor).scatter_add_(1, target, -factor);
    logits = logits.to(hidden.scalar_type());
    dhidden.narrow(0, first, rows).copy_(logits.mm(weight));
    if (dweight.defined()) dweight.add_(logits.t().mm(part));
  }
}

}  // namespace erprm::reference
