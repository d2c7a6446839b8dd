// The vocabulary loss, a few hundred positions at a time. The logits of a chunk are held transposed, [V, n]: then the
// weight is read as it lies, nothing of its size is ever copied, and what is packed is the small factor.
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "kernels/kernel_table.h"
#include "ops/accelerated_training.h"
#include "ops/matrix_product.h"
#include "ops/training_ops.h"
#include "ops/training_reference.h"
#include "ops/upload.h"

namespace erprm {
namespace {

constexpr int64_t kChunkLogits = int64_t{8} << 20;  // 32 MiB
// Positions in a chunk are at least so many, so that the products are worth one reading of the weight, and at most so
// many, so that a row of logits stays in the first-level cache.
constexpr int64_t kFewestPositions = 96, kMostPositions = 1024;
constexpr int64_t kTileRows = 256;  // vocabulary rows whose sums of exponentials are taken together

// One chunk of n positions. Its last positions may be padding: hidden zero, weight zero, no target.
struct Chunk {
  at::Tensor logits;                     // [V, n]
  std::vector<float> log_sums, weights;  // [n]
  int64_t size() const { return logits.size(1); }
  float* row(int64_t token) const { return logits.data_ptr<float>() + token * size(); }
};

// log_sums[c] = ln of the sum over the vocabulary of exp(logits[:, c]); sums of tiles are added in order.
void sum_columns(Chunk& chunk) {
  const int64_t vocabulary = chunk.logits.size(0), n = chunk.size(), tiles = (vocabulary + kTileRows - 1) / kTileRows;
  std::vector<float> maxima(static_cast<size_t>(tiles * n)), sums(maxima.size());
  parallel_for(0, tiles, 1, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      const int64_t rows = std::min(kTileRows, vocabulary - t * kTileRows);
      kernel_table().training.column_sums(chunk.row(t * kTileRows), static_cast<int>(rows), static_cast<int>(n),
                                          maxima.data() + t * n, sums.data() + t * n);
    }
  });
  for (int64_t c = 0; c < n; ++c) {
    float maximum = maxima[c];
    for (int64_t t = 1; t < tiles; ++t) maximum = std::max(maximum, maxima[t * n + c]);
    double sum = 0;
    for (int64_t t = 0; t < tiles; ++t) sum += sums[t * n + c] * std::exp(double{maxima[t * n + c]} - maximum);
    chunk.log_sums[c] = static_cast<float>(maximum + std::log(sum));
  }
}

// In place: logits -> weights[c] (softmax - one at the target)
void differentiate(Chunk& chunk, std::span<const int32_t> tokens) {
  const int64_t n = chunk.size();
  parallel_for(0, chunk.logits.size(0), 64, [&](int64_t begin, int64_t end) {
    kernel_table().training.column_softmax(chunk.row(begin), static_cast<int>(end - begin), static_cast<int>(n),
                                           chunk.log_sums.data(), chunk.weights.data());
  });
  for (size_t c = 0; c < tokens.size(); ++c) chunk.row(tokens[c])[c] -= chunk.weights[c];
}

void check(const at::Tensor& hidden, const at::Tensor& weight, std::span<const int32_t> tokens,
           std::span<const float> weights, const at::Tensor& dhidden) {
  const size_t positions = static_cast<size_t>(hidden.size(0));
  require(tokens.size() == positions && (!dhidden.defined() || weights.size() == positions),
          ErrorCode::INVALID_ARGUMENT, "Expected a token and a weight for each of ", positions, " positions, received ",
          tokens.size(), " and ", weights.size());
  check_tokens(tokens, weight.size(0));
}

}  // namespace

void next_token_loss(const at::Tensor& hidden, const at::Tensor& weight, std::span<const int32_t> tokens,
                     std::span<const float> weights, const at::Tensor& losses, const at::Tensor& dhidden,
                     const at::Tensor& dweight) {
  check(hidden, weight, tokens, weights, dhidden);
  if (accelerated::takes(hidden)) {
    const at::Device device = hidden.device();
    const at::Tensor factors = dhidden.defined() ? upload(weights, device) : at::Tensor();
    return accelerated::next_token_loss(hidden, weight, upload(tokens, device), factors, losses, dhidden, dweight);
  }
  if (!runs_on_kernels(hidden)) {
    return reference::next_token_loss(hidden, weight, tokens, weights, losses, dhidden, dweight);
  }
  const int64_t positions = hidden.size(0), vocabulary = weight.size(0), width = hidden.size(1);
  if (positions == 0) return;
  const int64_t most = std::min(
      padded(positions), std::clamp(kChunkLogits / vocabulary, kFewestPositions, kMostPositions) / kPanel * kPanel);
  const at::Tensor memory = at::empty({vocabulary * most}, at::kFloat);
  float* loss = losses.data_ptr<float>();
  for (int64_t first = 0; first < positions; first += most) {
    const int64_t count = std::min(most, positions - first), n = padded(count);
    const auto some_tokens = tokens.subspan(first, count);
    at::Tensor inputs = hidden.narrow(0, first, count);
    if (n != count) {
      inputs = at::zeros({n, width}, at::kFloat);
      inputs.narrow(0, 0, count).copy_(hidden.narrow(0, first, count));
    }
    Chunk chunk{memory.narrow(0, 0, vocabulary * n).view({vocabulary, n}), std::vector<float>(n),
                std::vector<float>(n, 0.0f)};
    product_nt(weight, inputs, chunk.logits, false);
    sum_columns(chunk);
    for (int64_t c = 0; c < count; ++c) loss[first + c] = chunk.log_sums[c] - chunk.row(some_tokens[c])[c];
    if (!dhidden.defined()) continue;
    std::copy_n(weights.begin() + first, count, chunk.weights.begin());
    differentiate(chunk, some_tokens);
    const at::Tensor gradients = chunk.logits.narrow(1, 0, count);
    product_tn(gradients, weight, dhidden.narrow(0, first, count), false);
    if (dweight.defined()) product_nn(gradients, inputs.narrow(0, 0, count), dweight, true);
  }
}

}  // namespace erprm
