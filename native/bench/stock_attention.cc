// torch's packed flash attention in the place of our kernel in decoding: how many rows a trunk needs until it pays to
// read the trunk once for all of them, and what two such calls and a merge cost beside our one call.
#include <ATen/ops/cat.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "bench/decode_state.h"
#include "core/error.h"
#include "kernels/cuda_attention.h"
#include "ops/operator_call.h"

namespace erprm::bench {
namespace {

constexpr double kBf16 = 2;
constexpr double kMostDifference = 0.03;  // of averages of numbers of standard deviation 1, in bf16

// Keys and values [T, G, D] and where those of each of S sequences lie: from key_starts[s] on, `keys` of them. Several
// sequences may read the same ones.
struct Sequences {
  at::Tensor keys, values;
  std::vector<int32_t> key_starts;  // [S]
  int32_t num_keys, num_queries;    // of each sequence
};

// Of N queries, as rows of their kv heads.
struct Attended {
  at::Tensor out;       // [N, G, D]
  at::Tensor log_sums;  // f32 [G, N]
};

// What torch's operator computes, where there is none of it: on the CPU, for emulated kernels.
Attended attend_plainly(const at::Tensor& queries, const Sequences& from) {
  std::vector<at::Tensor> outs, sums;
  for (size_t s = 0; s < from.key_starts.size(); ++s) {
    const int64_t first = static_cast<int64_t>(s) * from.num_queries;
    const at::Tensor q = queries.narrow(0, first, from.num_queries).transpose(0, 1).to(at::kFloat);  // [G, n, D]
    const at::Tensor k = from.keys.narrow(0, from.key_starts[s], from.num_keys).to(at::kFloat);      // [k, G, D]
    const at::Tensor v = from.values.narrow(0, from.key_starts[s], from.num_keys).to(at::kFloat);    // [k, G, D]
    const at::Tensor scores =
        q.matmul(k.permute({1, 2, 0})).div(std::sqrt(static_cast<double>(q.size(2))));  // [G, n, k]
    outs.push_back(scores.softmax(-1).matmul(v.transpose(0, 1)).transpose(0, 1).to(queries.scalar_type()));
    sums.push_back(scores.logsumexp(-1));
  }
  return {at::cat(outs, 0), at::cat(sums, 1)};
}

// One call of torch for all sequences; queries [S * num_queries, G, D].
class StockAttention {
 public:
  StockAttention(const Context& context, Sequences from) : from_(std::move(from)) {
    const auto num = static_cast<int32_t>(from_.key_starts.size());
    std::vector<int32_t> query_starts, key_starts = from_.key_starts;
    for (int32_t s = 0; s <= num; ++s) query_starts.push_back(s * from_.num_queries);
    // Where a sequence's keys end is told by their number, so nobody reads this one.
    key_starts.push_back(static_cast<int32_t>(from_.keys.size(0)));
    query_starts_ = context.upload(query_starts).view(at::kInt);
    key_starts_ = context.upload(key_starts).view(at::kInt);
    num_keys_ = context.upload(std::vector<int32_t>(num, from_.num_keys)).view(at::kInt);
  }

  Attended operator()(const at::Tensor& queries) const {
    if (!queries.is_cuda()) return attend_plainly(queries, from_);
    static const OperatorCall call("aten::_flash_attention_forward");
    const std::vector<c10::IValue> results = call({{"query", queries},
                                                   {"key", from_.keys},
                                                   {"value", from_.values},
                                                   {"cum_seq_q", query_starts_},
                                                   {"cum_seq_k", key_starts_},
                                                   {"max_q", int64_t{from_.num_queries}},
                                                   {"max_k", int64_t{from_.num_keys}},
                                                   {"dropout_p", 0.0},
                                                   {"is_causal", false},
                                                   {"return_debug_mask", false},
                                                   {"seqused_k", num_keys_}});
    return {results[0].toTensor(), results[1].toTensor()};
  }

 private:
  const Sequences from_;
  at::Tensor query_starts_, key_starts_, num_keys_;
};

// The attention over both keys, of the results over each.
at::Tensor merge(const Attended& a, const Attended& b) {
  const at::Tensor share = a.log_sums.sub(b.log_sums).sigmoid_().t().unsqueeze(2);  // [N, G, 1]
  return b.out.to(at::kFloat).lerp_(a.out.to(at::kFloat), share).to(a.out.scalar_type());
}

// Rows of a burst, and the same for torch: keys and values without the gaps of blocks, the queries of one kv head as
// rows of it.
class Case {
 public:
  Case(const Context& context, const DecodeShape& shape)
      : context_(context),
        shape_(shape),
        state_(context, shape),
        heads_a_kv_head_(shape.num_heads / shape.num_kv_heads),
        queries_(context.random({shape.rows, shape.num_heads, shape.head_size}, at::kBFloat16)),
        scaled_(queries_.div(std::sqrt(static_cast<double>(shape.head_size)))),
        stock_queries_(queries_.view({shape.rows, shape.num_kv_heads, heads_a_kv_head_, shape.head_size})
                           .transpose(1, 2)
                           .reshape({-1, shape.num_kv_heads, shape.head_size})),
        output_(context.empty({shape.rows, shape.num_heads, shape.head_size}, at::kBFloat16)),
        partial_(context.empty({state_.num_results(), shape.num_heads, shape.head_size}, at::kFloat)),
        states_(context.empty({state_.num_results(), shape.num_heads, 2}, at::kFloat)) {}

  const at::Tensor& stock_queries() const { return stock_queries_; }
  const at::Tensor& output() const { return output_; }

  // Every row by itself over its trunk.
  StockAttention trunks_a_row() const {
    const int r = shape_.rows_a_trunk, tokens = state_.blocks_a_trunk() * int{kKvTokens};
    return stock(0, state_.num_trunks() * state_.blocks_a_trunk(), shape_.rows, 1, shape_.trunk_tokens,
                 [=](int row) { return row / r * tokens; });
  }

  // All rows of a trunk at once over it.
  StockAttention trunks() const {
    const int tokens = state_.blocks_a_trunk() * int{kKvTokens};
    return stock(0, state_.num_trunks() * state_.blocks_a_trunk(), state_.num_trunks(), shape_.rows_a_trunk,
                 shape_.trunk_tokens, [=](int trunk) { return trunk * tokens; });
  }

  // Every row over its own tokens.
  StockAttention own() const {
    const int tokens = state_.blocks_a_row() * int{kKvTokens};
    return stock(state_.num_trunks() * state_.blocks_a_trunk(), shape_.rows * state_.blocks_a_row(), shape_.rows, 1,
                 shape_.own_tokens, [=](int row) { return row * tokens; });
  }

  // Ours, into `output`.
  void attend() const {
    const cuda::DecodeAttention args{.queries = scaled_.data_ptr(),
                                     .ld = int64_t{shape_.num_heads} * shape_.head_size,
                                     .output = output_.data_ptr(),
                                     .layer_bytes = 0,
                                     .window = 0,
                                     .num_heads = shape_.num_heads,
                                     .num_kv_heads = shape_.num_kv_heads,
                                     .head_size = shape_.head_size,
                                     .partial_outputs = partial_.mutable_data_ptr<float>(),
                                     .partial_states = states_.mutable_data_ptr<float>()};
    check_launch(cuda::decode_attention(args, state_.rows(), state_.plan(), cuda::Element::kBF16, current_stream()),
                 "decode_attention", {&queries_});
  }

  // What torch computed, in the order of `output`.
  at::Tensor in_our_order(const at::Tensor& out) const {
    return out.view({shape_.rows, heads_a_kv_head_, shape_.num_kv_heads, shape_.head_size})
        .transpose(1, 2)
        .reshape(output_.sizes());
  }

  // Bytes of `tokens` keys and values, and of the queries and results.
  Work work(double tokens) const {
    const double numbers = tokens * 2 * shape_.num_kv_heads * shape_.head_size;
    return {.bytes = kBf16 * (numbers + 2 * static_cast<double>(queries_.numel()))};
  }

 private:
  template <typename KeyStart>
  StockAttention stock(int64_t first_block, int64_t num_blocks, int num_sequences, int rows, int keys,
                       const KeyStart& start_of) const {
    const at::Tensor blocks = state_.pool().narrow(0, first_block, num_blocks);
    const auto side_by_side = [&](int which) {
      return blocks.select(1, which).transpose(1, 2).reshape({-1, shape_.num_kv_heads, shape_.head_size});
    };
    Sequences from{side_by_side(0), side_by_side(1), {}, keys, rows * heads_a_kv_head_};
    for (int s = 0; s < num_sequences; ++s) from.key_starts.push_back(start_of(s));
    return {context_, std::move(from)};
  }

  const Context& context_;
  const DecodeShape shape_;
  const DecodeState state_;
  const int heads_a_kv_head_;
  const at::Tensor queries_, scaled_, stock_queries_, output_, partial_, states_;
};

void expect_same(const at::Tensor& actual, const at::Tensor& expected, const char* what) {
  const double difference = actual.to(at::kFloat).sub(expected.to(at::kFloat)).abs().max().item<double>();
  require(difference <= kMostDifference, ErrorCode::DEVICE_FAULT, "Expected ", what, " to differ by at most ",
          kMostDifference, ", received ", difference);
}

std::string words(const DecodeShape& shape) {
  return std::to_string(shape.rows) + " rows, " + std::to_string(shape.rows_a_trunk) + " a trunk of " +
         std::to_string(shape.trunk_tokens);
}

// The trunks' part alone.
BENCH("stock-shared-prefix") {
  for (const int trunk : {128, 512, 2048}) {
    for (const auto& [rows_a_trunk, toy_rows] : {std::pair{8, 1}, {32, 2}, {256, 4}}) {
      DecodeShape shape{.rows = 256, .rows_a_trunk = rows_a_trunk, .trunk_tokens = trunk, .own_tokens = 1};
      if (context.toy()) shape = {4, toy_rows, trunk / 16, 1, 4, 2, 64};
      const Case one(context, shape);
      const StockAttention together = one.trunks(), apart = one.trunks_a_row();
      const Attended a = together(one.stock_queries()), b = apart(one.stock_queries());
      expect_same(a.out, b.out, "attention of the rows of a trunk together and apart");
      expect_same(a.log_sums, b.log_sums, "its sums of exponentials");
      const auto read_apart = static_cast<double>(shape.rows) * shape.trunk_tokens;
      context.report(words(shape) + ", together", one.work(read_apart / shape.rows_a_trunk),
                     [&] { together(one.stock_queries()); });
      context.report(words(shape) + ", apart", one.work(read_apart), [&] { apart(one.stock_queries()); });
    }
  }
}

BENCH("stock-decode-attention") {
  for (const auto& [rows, trunk] : {std::pair{256, 512}, {1024, 512}, {256, 2048}}) {
    DecodeShape shape{.rows = rows, .trunk_tokens = trunk};
    if (context.toy()) shape = {rows / 64, 2, trunk / 16, 10, 4, 2, 64};
    const Case one(context, shape);
    const StockAttention trunks = one.trunks(), own = one.own();
    const Attended of_trunks = trunks(one.stock_queries()), of_own = own(one.stock_queries());
    one.attend();
    expect_same(one.in_our_order(merge(of_trunks, of_own)), one.output(), "torch's two calls and ours");
    const double trunk_tokens = static_cast<double>(shape.rows) / shape.rows_a_trunk * shape.trunk_tokens;
    const double own_tokens = static_cast<double>(shape.rows) * shape.own_tokens;
    const std::string name = words(shape) + ", own " + std::to_string(shape.own_tokens);
    context.report(name + ", ours", one.work(trunk_tokens + own_tokens), [&] { one.attend(); });
    context.report(name + ", torch's two calls", one.work(trunk_tokens + own_tokens), [&] {
      trunks(one.stock_queries());
      own(one.stock_queries());
    });
    context.report(name + ", and torch's merge", one.work(trunk_tokens + own_tokens),
                   [&] { merge(trunks(one.stock_queries()), own(one.stock_queries())); });
  }
}

}  // namespace
}  // namespace erprm::bench
