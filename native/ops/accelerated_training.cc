#include "ops/accelerated_training.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/error.h"
#include "kernels/cuda_training.h"
#include "ops/accelerator.h"
#include "ops/torch_product.h"
#include "ops/training_reference.h"

namespace erprm::accelerated {
namespace {

cuda::Element element_of(const at::Tensor& x) {
  return x.scalar_type() == at::kBFloat16 ? cuda::Element::kBF16 : cuda::Element::kF32;
}

// The launchers take pointers: what they point to is looked at here.
void expect(const char* operation, const char* name, const at::Tensor& x, at::ScalarType type, at::IntArrayRef sizes) {
  const bool fits =
      x.defined() && on_accelerator(x) && x.scalar_type() == type && x.sizes() == sizes && x.is_contiguous();
  if (fits) [[likely]] {
    return;
  }
  const std::string received = x.defined() ? concat(at::toString(x.scalar_type()), " with ", x.numel(), " numbers on ",
                                                    x.device().str(), x.is_contiguous() ? "" : ", with gaps")
                                           : "nothing";
  std::string shape;
  for (const int64_t size : sizes) shape += concat(shape.empty() ? "" : ", ", size);
  throw Error(ErrorCode::INVALID_ARGUMENT, concat("Expected ", name, " of ", operation, " to be ", at::toString(type),
                                                  " [", shape, "] on the accelerator, received ", received));
}

template <typename T>
T* pointer(const at::Tensor& x) {
  return x.defined() ? static_cast<T*>(x.mutable_data_ptr()) : nullptr;
}

float* f32(const at::Tensor& x) { return pointer<float>(x); }

}  // namespace

bool takes(const at::Tensor& x) {
  return on_accelerator(x) && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

void rms_norm_forward(const at::Tensor& x, const at::Tensor& weight, double epsilon, const at::Tensor& y,
                      const at::Tensor& inverse_rms) {
  const int64_t rows = x.size(0), width = x.size(1);
  expect("rms_norm", "x", x, x.scalar_type(), {rows, width});
  expect("rms_norm", "weight", weight, at::kFloat, {width});
  expect("rms_norm", "y", y, x.scalar_type(), {rows, width});
  expect("rms_norm", "inverse_rms", inverse_rms, at::kFloat, {rows});
  check_launch(
      cuda::training_norm(pointer<void>(x), rows, static_cast<int>(width), f32(weight), static_cast<float>(epsilon),
                          pointer<void>(y), f32(inverse_rms), element_of(x), current_stream()),
      "rms_norm", {&x});
}

void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                       const at::Tensor& inverse_rms, const at::Tensor& dx, const at::Tensor& dweight) {
  const int64_t rows = x.size(0), width = x.size(1);
  // Wider than any model known: its sums do not fit into the kernel's shared memory.
  if (width > cuda::kWidestNorm) return reference::rms_norm_backward(dy, x, weight, inverse_rms, dx, dweight);
  expect("rms_norm's gradient", "dy", dy, x.scalar_type(), {rows, width});
  expect("rms_norm's gradient", "x", x, x.scalar_type(), {rows, width});
  expect("rms_norm's gradient", "weight", weight, at::kFloat, {width});
  expect("rms_norm's gradient", "inverse_rms", inverse_rms, at::kFloat, {rows});
  expect("rms_norm's gradient", "dx", dx, x.scalar_type(), {rows, width});
  at::Tensor partials;
  if (dweight.defined()) {
    expect("rms_norm's gradient", "dweight", dweight, at::kFloat, {width});
    partials = at::empty({cuda::norm_partials(rows, static_cast<int>(width)), width}, weight.options());
  }
  check_launch(cuda::training_norm_backward(pointer<void>(dy), pointer<void>(x), rows, static_cast<int>(width),
                                            f32(weight), f32(inverse_rms), pointer<void>(dx), f32(partials),
                                            f32(dweight), element_of(x), current_stream()),
               "rms_norm's gradient", {&x});
}

void swiglu_forward(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y) {
  for (const at::Tensor* x : {&gate, &up, &y}) expect("swiglu", "a factor", *x, gate.scalar_type(), gate.sizes());
  check_launch(cuda::training_swiglu(pointer<void>(gate), pointer<void>(up), gate.numel(), pointer<void>(y),
                                     element_of(gate), current_stream()),
               "swiglu", {&gate});
}

void swiglu_backward(const at::Tensor& dy, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& dgate,
                     const at::Tensor& dup) {
  for (const at::Tensor* x : {&dy, &gate, &up, &dgate, &dup}) {
    expect("swiglu's gradient", "a factor", *x, gate.scalar_type(), gate.sizes());
  }
  check_launch(
      cuda::training_swiglu_backward(pointer<void>(dy), pointer<void>(gate), pointer<void>(up), gate.numel(),
                                     pointer<void>(dgate), pointer<void>(dup), element_of(gate), current_stream()),
      "swiglu's gradient", {&gate});
}

void rotate_heads(const at::Tensor& x, const at::Tensor& cosines, const at::Tensor& sines, bool inverse) {
  const int64_t rows = x.size(0), half = cosines.size(1);
  require(half > 0 && x.numel() % std::max<int64_t>(1, rows * 2 * half) == 0, ErrorCode::INVALID_ARGUMENT,
          "Expected rows of whole heads of ", 2 * half, ", received ", x.numel(), " numbers in ", rows, " rows");
  expect("rotate_heads", "x", x, x.scalar_type(), x.sizes());
  expect("rotate_heads", "cosines", cosines, at::kFloat, {rows, half});
  expect("rotate_heads", "sines", sines, at::kFloat, {rows, half});
  const int64_t heads = rows == 0 ? 0 : x.numel() / (rows * 2 * half);
  check_launch(cuda::training_rotate(pointer<void>(x), rows, static_cast<int>(heads), static_cast<int>(half),
                                     f32(cosines), f32(sines), inverse, element_of(x), current_stream()),
               "rotate_heads", {&x, &cosines});
}

void embedding_forward(const at::Tensor& tokens, const at::Tensor& weight, const at::Tensor& x) {
  const int64_t count = tokens.size(0), width = weight.size(1);
  expect("embedding", "tokens", tokens, at::kInt, {count});
  expect("embedding", "weight", weight, at::kFloat, {weight.size(0), width});
  expect("embedding", "x", x, x.scalar_type(), {count, width});
  check_launch(cuda::training_embed(pointer<int32_t>(tokens), count, f32(weight), static_cast<int>(width),
                                    pointer<void>(x), element_of(x), current_stream()),
               "embedding", {&tokens, &weight});
}

void embedding_backward(const at::Tensor& dx, const at::Tensor& tokens, const TokenPlaces& places,
                        const at::Tensor& dweight) {
  const int64_t count = tokens.size(0), width = dweight.size(1), different = places.starts.size(0) - 1;
  expect("the embedding's gradient", "dx", dx, dx.scalar_type(), {count, width});
  expect("the embedding's gradient", "tokens", tokens, at::kInt, {count});
  expect("the embedding's gradient", "places", places.places, at::kInt, {count});
  expect("the embedding's gradient", "starts", places.starts, at::kInt, {different + 1});
  expect("the embedding's gradient", "dweight", dweight, at::kFloat, {dweight.size(0), width});
  check_launch(
      cuda::training_embed_backward(pointer<void>(dx), pointer<int32_t>(tokens), pointer<int32_t>(places.places),
                                    pointer<int32_t>(places.starts), different, static_cast<int>(width), f32(dweight),
                                    element_of(dx), current_stream()),
      "the embedding's gradient", {&dx, &dweight});
}

void next_token_loss(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& tokens,
                     const at::Tensor& weights, const at::Tensor& losses, const at::Tensor& dhidden,
                     const at::Tensor& dweight, int64_t chunk_logits) {
  const int64_t positions = hidden.size(0), vocabulary = weight.size(0), width = hidden.size(1);
  expect("next_token_loss", "hidden", hidden, hidden.scalar_type(), {positions, width});
  expect("next_token_loss", "weight", weight, hidden.scalar_type(), {vocabulary, width});
  expect("next_token_loss", "tokens", tokens, at::kInt, {positions});
  expect("next_token_loss", "losses", losses, at::kFloat, {positions});
  if (dhidden.defined()) {
    expect("next_token_loss", "weights", weights, at::kFloat, {positions});
    expect("next_token_loss", "dhidden", dhidden, hidden.scalar_type(), {positions, width});
  }
  if (positions == 0) return;
  const int64_t most = std::clamp<int64_t>(chunk_logits / vocabulary, 1, positions);
  const at::Tensor memory = at::empty({most, vocabulary}, hidden.options());
  for (int64_t first = 0; first < positions; first += most) {
    const int64_t rows = std::min(most, positions - first);
    const at::Tensor inputs = hidden.narrow(0, first, rows), logits = memory.narrow(0, 0, rows);
    torch_product(inputs, weight.t(), logits, false);
    check_launch(
        cuda::training_vocabulary_loss(pointer<void>(logits), rows, vocabulary, pointer<int32_t>(tokens) + first,
                                       dhidden.defined() ? f32(weights) + first : nullptr, f32(losses) + first,
                                       element_of(hidden), current_stream()),
        "next_token_loss", {&logits});
    if (!dhidden.defined()) continue;
    torch_product(logits, weight, dhidden.narrow(0, first, rows), false);
    if (dweight.defined()) torch_product(logits.t(), inputs, dweight, true);
  }
}

at::Tensor logit_loss(const at::Tensor& hidden, const LogitDirection& direction, const at::Tensor& labels,
                      const at::Tensor& weights, bool squared, const at::Tensor& losses, const at::Tensor& scores,
                      const at::Tensor& dhidden) {
  const int64_t rows = hidden.size(0), width = hidden.size(1);
  expect("logit_loss", "hidden", hidden, hidden.scalar_type(), {rows, width});
  expect("logit_loss", "positive", direction.positive, at::kFloat, {width});
  if (direction.negative.defined()) expect("logit_loss", "negative", direction.negative, at::kFloat, {width});
  if (direction.bias.defined()) expect("logit_loss", "bias", direction.bias, at::kFloat, {1});
  for (const at::Tensor* x : {&labels, &weights, &losses, &scores}) {
    expect("logit_loss", "labels, weights, losses and scores", *x, at::kFloat, {rows});
  }
  if (dhidden.defined()) expect("logit_loss", "dhidden", dhidden, hidden.scalar_type(), {rows, width});
  const at::Tensor slopes = at::empty({rows}, labels.options());
  const auto kind = squared ? cuda::LogitLoss::kSquaredError : cuda::LogitLoss::kCrossEntropy;
  check_launch(cuda::training_logit_loss(pointer<void>(hidden), rows, static_cast<int>(width), f32(direction.positive),
                                         f32(direction.negative), f32(direction.bias), f32(labels), f32(weights), kind,
                                         f32(losses), f32(scores), f32(slopes), pointer<void>(dhidden),
                                         element_of(hidden), current_stream()),
               "logit_loss", {&hidden});
  return slopes;
}

void logit_gradient(const at::Tensor& hidden, const at::Tensor& slopes, const LogitDirection& gradients) {
  const int64_t rows = hidden.size(0), width = hidden.size(1);
  expect("logit_loss's gradient", "hidden", hidden, hidden.scalar_type(), {rows, width});
  expect("logit_loss's gradient", "slopes", slopes, at::kFloat, {rows});
  expect("logit_loss's gradient", "positive", gradients.positive, at::kFloat, {width});
  if (gradients.negative.defined()) {
    expect("logit_loss's gradient", "negative", gradients.negative, at::kFloat, {width});
  }
  if (gradients.bias.defined()) expect("logit_loss's gradient", "bias", gradients.bias, at::kFloat, {1});
  check_launch(cuda::training_logit_gradient(pointer<void>(hidden), f32(slopes), rows, static_cast<int>(width),
                                             f32(gradients.positive), f32(gradients.negative), f32(gradients.bias),
                                             element_of(hidden), current_stream()),
               "logit_loss's gradient", {&hidden});
}

}  // namespace erprm::accelerated
