// The kernels of training on the sizes of SmolLM2-1.7B and a batch of it: all but attention are as fast as memory lets
// them be.
#include <ATen/core/Tensor.h>

#include "bench/context.h"
#include "kernels/cuda_adamw.h"
#include "kernels/cuda_training.h"
#include "ops/accelerated_training.h"
#include "ops/packed_attention.h"

namespace erprm::bench {
namespace {

double bytes_of(std::initializer_list<const at::Tensor*> tensors) {
  double bytes = 0;
  for (const at::Tensor* tensor : tensors) bytes += static_cast<double>(tensor->nbytes());
  return bytes;
}

BENCH("training-norm") {
  const int64_t rows = context.size<int64_t>(16384, 9), width = context.size<int64_t>(2048, 600);
  const at::Tensor x = context.random({rows, width}, at::kBFloat16), dy = context.random({rows, width}, at::kBFloat16);
  const at::Tensor weight = context.random({width}, at::kFloat), factors = context.empty({rows}, at::kFloat);
  const at::Tensor y = context.empty({rows, width}, at::kBFloat16), dweight = context.random({width}, at::kFloat);
  context.report("forward", {.bytes = bytes_of({&x, &y})},
                 [&] { accelerated::rms_norm_forward(x, weight, 1e-5, y, factors); });
  context.report("backward", {.bytes = bytes_of({&x, &dy, &y})},
                 [&] { accelerated::rms_norm_backward(dy, x, weight, factors, y, dweight); });
}

BENCH("training-swiglu") {
  const int64_t rows = context.size<int64_t>(16384, 9), width = context.size<int64_t>(8192, 600);
  const at::Tensor gate = context.random({rows, width}, at::kBFloat16),
                   up = context.random({rows, width}, at::kBFloat16);
  const at::Tensor dy = context.random({rows, width}, at::kBFloat16), y = context.empty({rows, width}, at::kBFloat16);
  const at::Tensor dgate = context.empty({rows, width}, at::kBFloat16);
  const at::Tensor dup = context.empty({rows, width}, at::kBFloat16);
  context.report("forward", {.bytes = bytes_of({&gate, &up, &y})}, [&] { accelerated::swiglu_forward(gate, up, y); });
  context.report("backward", {.bytes = bytes_of({&dy, &gate, &up, &dgate, &dup})},
                 [&] { accelerated::swiglu_backward(dy, gate, up, dgate, dup); });
}

BENCH("training-rotate") {
  const int64_t rows = context.size<int64_t>(16384, 9), heads = 32, half = 32;
  const at::Tensor x = context.random({rows, heads * 2 * half}, at::kBFloat16);
  const at::Tensor cosines = context.random({rows, half}, at::kFloat).cos(), sines = cosines.acos().sin();
  context.report("in place", {.bytes = bytes_of({&x, &x, &cosines, &sines})},
                 [&] { accelerated::rotate_heads(x, cosines, sines, false); });
}

BENCH("training-embedding") {
  const int64_t count = context.size<int64_t>(16384, 20), width = context.size<int64_t>(2048, 64), vocabulary = 49152;
  const at::Tensor dx = context.random({count, width}, at::kBFloat16);
  const at::Tensor dweight = context.random({context.size<int64_t>(vocabulary, 64), width}, at::kFloat);
  // As in text: a few tokens are a large part of it.
  std::vector<int32_t> tokens(static_cast<size_t>(count));
  for (size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = static_cast<int32_t>(i % 4 == 0 ? i % 3 : i * 7919 % dweight.size(0));
  }
  const at::Tensor placed = context.upload(tokens).view(at::kInt);
  const TokenPlaces places = place_tokens(tokens, dx.device());
  const double rows = static_cast<double>(places.starts.numel() - 1);
  context.report("backward", {.bytes = bytes_of({&dx}) + 8 * rows * static_cast<double>(width)},
                 [&] { accelerated::embedding_backward(dx, placed, places, dweight); });
}

BENCH("training-loss") {
  const int64_t rows = context.size<int64_t>(4096, 5), vocabulary = context.size<int64_t>(49152, 300);
  const at::Tensor logits = context.random({rows, vocabulary}, at::kBFloat16),
                   losses = context.empty({rows}, at::kFloat);
  const at::Tensor factors = context.random({rows}, at::kFloat);
  const at::Tensor tokens = context.upload(std::vector<int32_t>(static_cast<size_t>(rows), 3)).view(at::kInt);
  // The second reading of a row comes from the cache on most cards.
  context.report("loss and gradient in place", {.bytes = 3 * bytes_of({&logits})}, [&] {
    check_launch(cuda::training_vocabulary_loss(
                     logits.mutable_data_ptr(), rows, vocabulary, static_cast<const int32_t*>(tokens.const_data_ptr()),
                     static_cast<const float*>(factors.const_data_ptr()),
                     static_cast<float*>(losses.mutable_data_ptr()), cuda::Element::kBF16, current_stream()),
                 "next_token_loss", {&logits});
  });
}

BENCH("training-adamw") {
  const int64_t count = context.size<int64_t>(int64_t{1} << 28, 40000);
  const at::Tensor value = context.random({count}, at::kFloat), gradient = context.random({count}, at::kFloat);
  const at::Tensor first = context.random({count}, at::kFloat), second = context.random({count}, at::kFloat).abs();
  const at::Tensor copy = context.empty({count}, at::kBFloat16);
  const auto number_at = [](const at::Tensor& x) { return static_cast<float*>(x.mutable_data_ptr()); };
  const std::vector<cuda::AdamWTensor> entries = {{number_at(value), number_at(gradient), number_at(first),
                                                   number_at(second), copy.mutable_data_ptr(), count, 1.0f}};
  std::vector<cuda::AdamWPiece> cut(static_cast<size_t>((count + cuda::kAdamWPiece - 1) / cuda::kAdamWPiece));
  for (size_t i = 0; i < cut.size(); ++i) cut[i] = {0, static_cast<int32_t>(i)};
  const at::Tensor tensors = context.upload(entries), pieces = context.upload(cut);
  const auto num_pieces = static_cast<int64_t>(cut.size());
  const auto* tensors_at = static_cast<const cuda::AdamWTensor*>(tensors.const_data_ptr());
  const auto* pieces_at = static_cast<const cuda::AdamWPiece*>(pieces.const_data_ptr());
  const at::Tensor partials = context.empty({num_pieces}, at::kDouble), norm = context.empty({1}, at::kDouble);
  context.report("norm of the gradients", {.bytes = bytes_of({&gradient})}, [&] {
    check_launch(
        cuda::gradient_norm(tensors_at, pieces_at, num_pieces, static_cast<double*>(partials.mutable_data_ptr()),
                            static_cast<double*>(norm.mutable_data_ptr()), current_stream()),
        "gradient_norm", {&partials});
  });
  const cuda::AdamWNumbers numbers{1.0f, 0.9f, 0.95f, 0.1f, 0.05f, 1e-8f, 1e-5f, 0.5f, 1e-6f};
  // Value, gradient and moments are read and written, the copy written.
  context.report("update", {.bytes = 2 * bytes_of({&value, &gradient, &first, &second}) + bytes_of({&copy})}, [&] {
    check_launch(cuda::adamw(tensors_at, pieces_at, num_pieces, numbers, current_stream()), "adamw", {&partials});
  });
}

BENCH("matrix-packed-attention") {
  for (const int64_t length : {512, 2048}) {
    const int64_t each = context.size<int64_t>(length, length / 128), heads = 32, size = 64;
    const int64_t sequences = context.size<int64_t>(16384, 32) / each, tokens = sequences * each;
    std::vector<int32_t> offsets(static_cast<size_t>(sequences) + 1);
    for (int64_t s = 0; s <= sequences; ++s) offsets[s] = static_cast<int32_t>(s * each);
    const at::Tensor q = context.random({tokens, heads, size}, at::kBFloat16);
    const at::Tensor k = context.random({tokens, heads, size}, at::kBFloat16);
    const at::Tensor v = context.random({tokens, heads, size}, at::kBFloat16);
    const at::Tensor dout = context.random({tokens, heads, size}, at::kBFloat16);
    const PackedOffsets placed = place_offsets(offsets, q.device());
    const PackedAttention forward = packed_attention(q, k, v, placed, 0);
    // Two products forward and five backward, of which a causal mask leaves half.
    const double product = static_cast<double>(tokens) * static_cast<double>(each * heads * size);
    const std::string of = std::to_string(sequences) + " sequences of " + std::to_string(each);
    context.report("forward, " + of, {.operations = 2 * product}, [&] { packed_attention(q, k, v, placed, 0); });
    context.report("backward, " + of, {.operations = 5 * product},
                   [&] { packed_attention_backward(dout, q, k, v, forward, placed, 0); });
  }
}

}  // namespace
}  // namespace erprm::bench
