// Attention of packed sequences, forward and backward, tile by tile; the scores of a tile are all that ever exists.
//
//   s_ij = q_i k_j / sqrt(D);  w_ij = exp(s_ij - log_sum_i);  o_i = sum_j w_ij v_j
//   dv_j = sum_i w_ij do_i;  ds_ij = w_ij (do_i v_j - do_i o_i);  dq_i = sum_j ds_ij k_j / sqrt(D);  dk_j alike
//
// Tiles begin at multiples of their size from the start of the sequence, and are added in order: numbers depend neither
// on the neighbours of a sequence nor on the threads. Forward: a task is a tile of queries of one kv head (all query
// heads that share it). Backward: a task is one kv head of one sequence, because its dk and dv are sums over queries.
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "kernels/kernel_table.h"
#include "ops/training_ops.h"
#include "ops/training_reference.h"

namespace erprm {
namespace {

constexpr int kKeys = 64;             // in a tile
constexpr int kQueries = 64;          // in a tile, backward
constexpr int kForwardQueries = 128;  // in a tile, forward: packing keys and values costs the same for any number
constexpr int kAllKeys = 1 << 29;     // in place of a window

void check(const at::Tensor& q, std::span<const int32_t> offsets, const AttentionShape& shape) {
  require(shape.head_size > 0 && shape.head_size % kPanel == 0, ErrorCode::INVALID_ARGUMENT,
          "Expected the head size to be a multiple of 16, received ", shape.head_size);
  require(shape.num_kv_heads > 0 && shape.num_heads % shape.num_kv_heads == 0, ErrorCode::INVALID_ARGUMENT,
          "Expected the number of heads to be a multiple of that of kv heads, received ", shape.num_heads, " and ",
          shape.num_kv_heads);
  require(!offsets.empty() && offsets.front() == 0 && offsets.back() == q.size(0), ErrorCode::INVALID_ARGUMENT,
          "Expected the sequences to hold all ", q.size(0), " tokens");
}

// Rows of a tensor [T, heads * D] that belong to one head and begin at one token.
struct HeadRows {
  float* base;
  int64_t stride;
  HeadRows(const at::Tensor& x, int64_t token, int64_t head, int64_t head_size)
      : base(x.data_ptr<float>() + token * x.stride(0) + head * head_size), stride(x.stride(0)) {}
  float* at(int64_t row) const { return base + row * stride; }
};

struct Task {
  int32_t first, length;  // of the sequence
  int32_t kv_head;
  int32_t query;  // the first of the tile, from the start of the sequence
};

std::vector<Task> tasks_of(std::span<const int32_t> offsets, int kv_heads, int queries) {
  std::vector<Task> tasks;
  for (size_t s = 0; s + 1 < offsets.size(); ++s) {
    const int32_t length = offsets[s + 1] - offsets[s];
    for (int g = 0; g < kv_heads; ++g) {
      for (int32_t query = 0; query < length; query += queries) tasks.push_back({offsets[s], length, g, query});
    }
  }
  return tasks;
}

// Which keys of the tile from `key` the queries from `query` see.
TileMask mask_of(int query, int key, int window) { return {query - key - window + 1, query - key + 1}; }

int window_of(const AttentionShape& shape) { return shape.window > 0 ? shape.window : kAllKeys; }

float scale_of(const AttentionShape& shape) { return static_cast<float>(1.0 / std::sqrt(shape.head_size)); }

// Consecutive parts of one allocation.
class Scratch {
 public:
  explicit Scratch(int64_t floats) : memory_(at::empty({floats}, at::kFloat)), next_(memory_.data_ptr<float>()) {}
  float* take(int64_t floats) {
    float* part = next_;
    next_ += floats;
    return part;
  }

 private:
  at::Tensor memory_;
  float* next_;
};

struct ForwardCall {
  const at::Tensor &q, &k, &v, &out, &log_sums;
  const AttentionShape& shape;
};

void forward_tile(const ForwardCall& call, const Task& task, Scratch scratch) {
  const KernelTable& kernels = kernel_table();
  const int size = call.shape.head_size, group = call.shape.num_heads / call.shape.num_kv_heads;
  const int window = window_of(call.shape), query = task.query;
  const int queries = std::min(kForwardQueries, task.length - query);
  float *keys = scratch.take(kKeys * size), *values = scratch.take(kKeys * size);
  float* scores = scratch.take(kForwardQueries * kKeys);
  float *maxima = scratch.take(group * kForwardQueries), *sums = scratch.take(group * kForwardQueries);
  std::fill(maxima, maxima + group * kForwardQueries, -INFINITY);
  std::fill(sums, sums + group * kForwardQueries, 0.0f);
  const auto head_rows = [&](const at::Tensor& x, int j) {
    return HeadRows(x, task.first + query, task.kv_head * group + j, size);
  };
  for (int j = 0; j < group; ++j) {
    for (int r = 0; r < queries; ++r) std::fill_n(head_rows(call.out, j).at(r), size, 0.0f);
  }
  const HeadRows k(call.k, task.first, task.kv_head, size), v(call.v, task.first, task.kv_head, size);
  for (int key = std::max(0, query - window + 1) / kKeys * kKeys; key < query + queries; key += kKeys) {
    const int wide = std::min(kKeys, query + queries - key);
    kernels.pack_panels(k.at(key), k.stride, 1, size, wide, keys);
    kernels.pack_panels(v.at(key), 1, v.stride, wide, size, values);
    // The queries that see any of these keys.
    const int begin = std::max(0, key - query), end = std::min<int>(queries, key + wide - 1 + window - query);
    for (int j = 0; j < group && begin < end; ++j) {
      const HeadRows q = head_rows(call.q, j), out = head_rows(call.out, j);
      kernels.product_f32(q.at(begin), q.stride, end - begin, keys, size, wide, false, scores, kKeys);
      kernels.training.softmax_tile(scores, kKeys, end - begin, static_cast<int>(padded(wide)), scale_of(call.shape),
                                    mask_of(query + begin, key, window), maxima + j * kForwardQueries + begin,
                                    sums + j * kForwardQueries + begin, out.at(begin), out.stride, size);
      kernels.product_f32(scores, kKeys, end - begin, values, wide, size, true, out.at(begin), out.stride);
    }
  }
  for (int j = 0; j < group; ++j) {
    const HeadRows out = head_rows(call.out, j),
                   log_sums(call.log_sums, task.first + query, task.kv_head * group + j, 1);
    kernels.training.softmax_finish(maxima + j * kForwardQueries, sums + j * kForwardQueries, queries, out.at(0),
                                    out.stride, size, log_sums.at(0), log_sums.stride);
  }
}

struct BackwardCall {
  const at::Tensor &dout, &q, &k, &v, &out, &log_sums, &dq, &dk, &dv;
  const AttentionShape& shape;
};

// What backward needs of every query of a kv head: its log-sum and do_i o_i, both [group, length].
struct QueryFacts {
  std::vector<float> log_sums, own;
  QueryFacts(const BackwardCall& call, const Task& task, int group) {
    const int size = call.shape.head_size;
    for (int j = 0; j < group; ++j) {
      const int head = task.kv_head * group + j;
      const HeadRows out(call.out, task.first, head, size), dout(call.dout, task.first, head, size);
      const HeadRows sums(call.log_sums, task.first, head, 1);
      for (int i = 0; i < task.length; ++i) {
        log_sums.push_back(*sums.at(i));
        own.push_back(kernel_table().training.dot(out.at(i), dout.at(i), size));
      }
    }
  }
};

// All queries of one kv head over all its keys. `task.query` is 0.
void backward_head(const BackwardCall& call, const Task& task, Scratch scratch) {
  const KernelTable& kernels = kernel_table();
  const int size = call.shape.head_size, group = call.shape.num_heads / call.shape.num_kv_heads;
  const int window = window_of(call.shape);
  const QueryFacts facts(call, task, group);
  float *keys = scratch.take(kKeys * size), *values = scratch.take(kKeys * size),
        *key_rows = scratch.take(kKeys * size);
  float *scores = scratch.take(kQueries * kKeys), *products = scratch.take(kQueries * kKeys);
  float *columns = scratch.take(kQueries * kKeys), *rows = scratch.take(kQueries * size);
  const HeadRows k(call.k, task.first, task.kv_head, size), v(call.v, task.first, task.kv_head, size);
  const HeadRows dk(call.dk, task.first, task.kv_head, size), dv(call.dv, task.first, task.kv_head, size);
  for (int j = 0; j < group; ++j) {
    const HeadRows dq(call.dq, task.first, task.kv_head * group + j, size);
    for (int i = 0; i < task.length; ++i) std::fill_n(dq.at(i), size, 0.0f);
  }
  for (int key = 0; key < task.length; key += kKeys) {
    const int wide = std::min(kKeys, task.length - key);
    kernels.pack_panels(k.at(key), k.stride, 1, size, wide, keys);
    kernels.pack_panels(v.at(key), v.stride, 1, size, wide, values);
    kernels.pack_panels(k.at(key), 1, k.stride, wide, size, key_rows);
    bool add = false;
    for (int query = key; query < std::min(task.length, key + wide - 1 + window); query += kQueries) {
      const int some = std::min(kQueries, task.length - query);
      for (int j = 0; j < group; ++j, add = true) {
        const int64_t token = task.first + query, head = task.kv_head * group + j;
        const HeadRows q(call.q, token, head, size), dout(call.dout, token, head, size), dq(call.dq, token, head, size);
        const size_t fact = static_cast<size_t>(j) * task.length + query;
        kernels.product_f32(q.base, q.stride, some, keys, size, wide, false, scores, kKeys);
        kernels.product_f32(dout.base, dout.stride, some, values, size, wide, false, products, kKeys);
        kernels.training.softmax_tile_backward(scores, products, kKeys, some, static_cast<int>(padded(wide)),
                                               scale_of(call.shape), mask_of(query, key, window),
                                               facts.log_sums.data() + fact, facts.own.data() + fact);
        kernels.pack_panels(scores, 1, kKeys, some, wide, columns);
        kernels.pack_panels(dout.base, 1, dout.stride, some, size, rows);
        kernels.product_f32(columns, 0, wide, rows, some, size, add, dv.at(key), dv.stride);
        kernels.pack_panels(products, 1, kKeys, some, wide, columns);
        kernels.pack_panels(q.base, 1, q.stride, some, size, rows);
        kernels.product_f32(columns, 0, wide, rows, some, size, add, dk.at(key), dk.stride);
        kernels.product_f32(products, kKeys, some, key_rows, wide, size, true, dq.base, dq.stride);
      }
    }
  }
}

}  // namespace

void causal_attention_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              std::span<const int32_t> offsets, const AttentionShape& shape, const at::Tensor& out,
                              const at::Tensor& log_sums) {
  if (!runs_on_kernels(q)) return reference::causal_attention_forward(q, k, v, offsets, shape, out, log_sums);
  check(q, offsets, shape);
  const std::vector<Task> tasks = tasks_of(offsets, shape.num_kv_heads, kForwardQueries);
  const ForwardCall call{q, k, v, out, log_sums, shape};
  const int64_t floats = 2 * kKeys * shape.head_size + kForwardQueries * kKeys +
                         2 * shape.num_heads / shape.num_kv_heads * kForwardQueries;
  parallel_for(0, static_cast<int64_t>(tasks.size()), 1, [&](int64_t begin, int64_t end) {
    const Scratch scratch(floats);
    for (int64_t t = begin; t < end; ++t) forward_tile(call, tasks[t], scratch);
  });
}

void causal_attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               const at::Tensor& out, const at::Tensor& log_sums, std::span<const int32_t> offsets,
                               const AttentionShape& shape, const at::Tensor& dq, const at::Tensor& dk,
                               const at::Tensor& dv) {
  if (!runs_on_kernels(q)) {
    return reference::causal_attention_backward(dout, q, k, v, out, log_sums, offsets, shape, dq, dk, dv);
  }
  check(q, offsets, shape);
  const std::vector<Task> tasks = tasks_of(offsets, shape.num_kv_heads, INT32_MAX / 2);
  const BackwardCall call{dout, q, k, v, out, log_sums, dq, dk, dv, shape};
  const int64_t floats = (3 * kKeys + kQueries) * shape.head_size + 3 * kQueries * kKeys;
  parallel_for(0, static_cast<int64_t>(tasks.size()), 1, [&](int64_t begin, int64_t end) {
    const Scratch scratch(floats);
    for (int64_t t = begin; t < end; ++t) backward_head(call, tasks[t], scratch);
  });
}

}  // namespace erprm
