// The kernels of one decoding iteration, at the sizes of Llama-3.1-8B.
#include <algorithm>
#include <utility>

#include "bench/decode_state.h"
#include "kernels/cuda_attention.h"
#include "kernels/cuda_sampling.h"
#include "kernels/cuda_transformer.h"

namespace erprm::bench {
namespace {

constexpr double kBf16 = 2, kF32 = 4;

void attend(const Context& context, const DecodeShape& shape) {
  const DecodeState state(context, shape);
  const int64_t b = shape.rows, h = shape.num_heads, g = shape.num_kv_heads, d = shape.head_size;
  const at::Tensor queries = context.random({b, (h + 2 * g) * d}, at::kBFloat16);
  const at::Tensor output = context.empty({b, h * d}, at::kBFloat16);
  const at::Tensor partial = context.empty({state.num_results(), h, d}, at::kFloat);
  const at::Tensor states = context.empty({state.num_results(), h, 2}, at::kFloat);
  const cuda::DecodeAttention args{.queries = queries.data_ptr(),
                                   .ld = queries.size(1),
                                   .output = output.data_ptr(),
                                   .layer_bytes = 0,
                                   .window = 0,
                                   .num_heads = shape.num_heads,
                                   .num_kv_heads = shape.num_kv_heads,
                                   .head_size = shape.head_size,
                                   .partial_outputs = partial.mutable_data_ptr<float>(),
                                   .partial_states = states.mutable_data_ptr<float>()};
  const double trunks = (shape.rows + shape.rows_a_trunk - 1) / shape.rows_a_trunk;
  const double tokens_read = trunks * shape.trunk_tokens + static_cast<double>(b) * shape.own_tokens;
  const double tokens_seen = static_cast<double>(b) * (shape.trunk_tokens + shape.own_tokens);
  context.report(std::to_string(b) + " rows, " + std::to_string(shape.rows_a_trunk) + " a trunk of " +
                     std::to_string(shape.trunk_tokens) + ", own " + std::to_string(shape.own_tokens),
                 {.bytes = kBf16 * (tokens_read * 2 * static_cast<double>(g * d) + 2 * static_cast<double>(b * h * d)),
                  .operations = 4 * tokens_seen * static_cast<double>(h * d)},
                 [&] {
                   check_launch(
                       cuda::decode_attention(args, state.rows(), state.plan(), cuda::Element::kBF16, current_stream()),
                       "decode_attention", {&queries});
                 });
}

BENCH("decode-attention") {
  for (const int rows : {256, 512, 1024}) {
    for (const int trunk : {128, 512, 1024, 2048}) {
      DecodeShape shape{.rows = rows, .trunk_tokens = trunk};
      if (context.toy()) shape = {rows / 64, 2, trunk / 16, 10, 4, 2, 64};
      attend(context, shape);
    }
  }
  // What sharing is worth: the same work, every row alone with its trunk; and long completions.
  if (context.toy()) return;
  attend(context, {.rows = 256, .rows_a_trunk = 1});
  attend(context, {.rows = 256, .rows_a_trunk = 8});
  attend(context, {.rows = 256, .rows_a_trunk = 256});
  attend(context, {.rows = 256, .trunk_tokens = 512, .own_tokens = 1024});
}

BENCH("sampling") {
  const int64_t vocabulary = context.size<int64_t>(128256, 1000);
  const std::pair<const char*, SamplingOptions> cases[] = {{"", {1, 0, 1, 0}},
                                                           {", greedy", {0, 0, 1, 0}},
                                                           {", top-k 50", {1, 50, 1, 0}},
                                                           {", top-p 0.95", {1, 0, 0.95f, 0}}};
  for (const int rows : {256, 1024}) {
    for (const auto& [name, sampling] : cases) {
      DecodeShape shape{.rows = rows, .trunk_tokens = 64, .own_tokens = 1};
      if (context.toy()) shape = {rows / 64, 2, 64, 1, 4, 2, 64};
      shape.sampling = sampling;
      const DecodeState state(context, shape);
      const at::Tensor logits = context.random({shape.rows, vocabulary}, at::kFloat).mul_(3);
      context.report(std::to_string(shape.rows) + " rows of " + std::to_string(vocabulary) + " logits" + name,
                     {.bytes = kF32 * static_cast<double>(logits.numel())}, [&] {
                       check_launch(cuda::sample_rows(logits.const_data_ptr<float>(), vocabulary, nullptr,
                                                      static_cast<int>(vocabulary), state.rows(), current_stream()),
                                    "sample_rows", {&logits});
                     });
    }
  }
}

BENCH("pointwise") {
  // More rows than decoding has: what fits into a card's cache is no share of its copy rate.
  const int rows = context.size(8192, 3), width = context.size(4096, 64), inner = context.size(14336, 96);
  const at::Tensor residual = context.random({rows, width}, at::kFloat);
  const at::Tensor delta = context.random({rows, width}, at::kBFloat16),
                   out = context.empty({rows, width}, at::kBFloat16);
  const at::Tensor weight = context.random({width}, at::kFloat);
  const cuda::AddRmsNorm norm{.residual = residual.mutable_data_ptr<float>(),
                              .delta = delta.data_ptr(),
                              .weight = weight.const_data_ptr<float>(),
                              .epsilon = 1e-5f,
                              .out = out.data_ptr(),
                              .num_rows = rows,
                              .width = width};
  context.report("add and norm", {.bytes = (2 * kF32 + 2 * kBf16) * static_cast<double>(residual.numel())}, [&] {
    check_launch(cuda::add_rms_norm(norm, cuda::Element::kBF16, current_stream()), "add_rms_norm", {&residual});
  });

  const at::Tensor gate_up = context.random({rows, 2 * inner}, at::kBFloat16);
  const at::Tensor product = context.empty({rows, inner}, at::kBFloat16);
  const cuda::SwiGlu swiglu{.gate_up = gate_up.data_ptr(), .out = product.data_ptr(), .num_rows = rows, .width = inner};
  context.report("SwiGLU", {.bytes = 3 * kBf16 * static_cast<double>(product.numel())}, [&] {
    check_launch(cuda::swiglu(swiglu, cuda::Element::kBF16, current_stream()), "swiglu", {&gate_up});
  });
}

}  // namespace
}  // namespace erprm::bench
