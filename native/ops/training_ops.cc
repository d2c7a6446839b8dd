#include "ops/training_ops.h"

#include <ATen/ops/zeros.h>

#include <algorithm>

#include "core/error.h"
#include "core/parallel.h"
#include "kernels/kernel_table.h"
#include "ops/accelerated_training.h"
#include "ops/accelerator.h"
#include "ops/token_places.h"
#include "ops/training_reference.h"
#include "ops/upload.h"

namespace erprm {
namespace {

// Rows whose part of a weight's gradient is summed together.
constexpr int64_t kNormRows = 64;
// Numbers in one unit of work of an operation that treats each alone.
constexpr int64_t kBlock = 4096;
// Columns of the embedding's gradient that one task adds to.
constexpr int64_t kEmbeddingColumns = 64;

// Calls body(begin, count) on parts of [0, total) that begin at multiples of kBlock.
template <typename Body>
void for_blocks(int64_t total, const Body& body) {
  parallel_for(0, (total + kBlock - 1) / kBlock, 4, [&](int64_t begin, int64_t end) {
    body(begin * kBlock, std::min(total, end * kBlock) - begin * kBlock);
  });
}

void check_same(const at::Tensor& x, const at::Tensor& y) {
  require(x.sizes() == y.sizes() && x.is_contiguous() && y.is_contiguous(), ErrorCode::INVALID_ARGUMENT,
          "Expected tensors of one shape without gaps, received ", x.numel(), " and ", y.numel(), " numbers");
}

}  // namespace

bool runs_on_kernels(const at::Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat && !on_accelerator(x); }

void check_tokens(std::span<const int32_t> tokens, int64_t vocabulary) {
  for (size_t t = 0; t < tokens.size(); ++t) {
    require(tokens[t] >= 0 && tokens[t] < vocabulary, ErrorCode::INVALID_ARGUMENT, "Expected tokens[", t,
            "] to be a token of a vocabulary of ", vocabulary, ", received ", tokens[t]);
  }
}

void rms_norm_forward(const at::Tensor& x, const at::Tensor& weight, double epsilon, const at::Tensor& y,
                      const at::Tensor& inverse_rms) {
  if (accelerated::takes(x)) return accelerated::rms_norm_forward(x, weight, epsilon, y, inverse_rms);
  if (!runs_on_kernels(x)) return reference::rms_norm_forward(x, weight, epsilon, y, inverse_rms);
  check_same(x, y);
  const int64_t width = x.size(1);
  parallel_for(0, x.size(0), 16, [&](int64_t begin, int64_t end) {
    kernel_table().training.rms_norm(x.data_ptr<float>() + begin * width, static_cast<int>(end - begin),
                                     static_cast<int>(width), weight.data_ptr<float>(), static_cast<float>(epsilon),
                                     y.data_ptr<float>() + begin * width, inverse_rms.data_ptr<float>() + begin);
  });
}

void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                       const at::Tensor& inverse_rms, const at::Tensor& dx, const at::Tensor& dweight) {
  if (accelerated::takes(x)) return accelerated::rms_norm_backward(dy, x, weight, inverse_rms, dx, dweight);
  if (!runs_on_kernels(x)) return reference::rms_norm_backward(dy, x, weight, inverse_rms, dx, dweight);
  check_same(x, dy);
  check_same(x, dx);
  const int64_t rows = x.size(0), width = x.size(1), chunks = (rows + kNormRows - 1) / kNormRows;
  const at::Tensor sums = at::zeros({dweight.defined() ? chunks : 0, width}, at::kFloat);
  parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      const int64_t row = c * kNormRows, at = row * width;
      kernel_table().training.rms_norm_backward(
          dy.data_ptr<float>() + at, x.data_ptr<float>() + at, static_cast<int>(std::min(kNormRows, rows - row)),
          static_cast<int>(width), weight.data_ptr<float>(), inverse_rms.data_ptr<float>() + row,
          dx.data_ptr<float>() + at, dweight.defined() ? sums.data_ptr<float>() + c * width : nullptr);
    }
  });
  for (int64_t c = 0; c < sums.size(0); ++c) {
    kernel_table().training.add(sums.data_ptr<float>() + c * width, static_cast<int>(width), dweight.data_ptr<float>());
  }
}

void swiglu_forward(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y) {
  if (accelerated::takes(gate)) return accelerated::swiglu_forward(gate, up, y);
  if (!runs_on_kernels(gate)) return reference::swiglu_forward(gate, up, y);
  check_same(gate, up);
  check_same(gate, y);
  for_blocks(gate.numel(), [&](int64_t begin, int64_t count) {
    kernel_table().training.swiglu(gate.data_ptr<float>() + begin, up.data_ptr<float>() + begin, count,
                                   y.data_ptr<float>() + begin);
  });
}

void swiglu_backward(const at::Tensor& dy, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& dgate,
                     const at::Tensor& dup) {
  if (accelerated::takes(gate)) return accelerated::swiglu_backward(dy, gate, up, dgate, dup);
  if (!runs_on_kernels(gate)) return reference::swiglu_backward(dy, gate, up, dgate, dup);
  for (const at::Tensor* other : {&dy, &up, &dgate, &dup}) check_same(gate, *other);
  for_blocks(gate.numel(), [&](int64_t begin, int64_t count) {
    kernel_table().training.swiglu_backward(dy.data_ptr<float>() + begin, gate.data_ptr<float>() + begin,
                                            up.data_ptr<float>() + begin, count, dgate.data_ptr<float>() + begin,
                                            dup.data_ptr<float>() + begin);
  });
}

void rotate_heads(const at::Tensor& x, const at::Tensor& cosines, const at::Tensor& sines, bool inverse) {
  if (accelerated::takes(x)) return accelerated::rotate_heads(x, cosines, sines, inverse);
  if (!runs_on_kernels(x)) return reference::rotate_heads(x, cosines, sines, inverse);
  const int64_t half = cosines.size(1), width = x.size(1);
  require(half > 0 && half % 8 == 0 && width % (2 * half) == 0 && x.is_contiguous(), ErrorCode::INVALID_ARGUMENT,
          "Expected the head size to be a multiple of 16 that divides a row of ", width, ", received ", 2 * half);
  parallel_for(0, x.size(0), 16, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      kernel_table().training.rotate(x.data_ptr<float>() + t * width, static_cast<int>(width / (2 * half)),
                                     static_cast<int>(2 * half), cosines.data_ptr<float>() + t * half,
                                     sines.data_ptr<float>() + t * half, inverse ? -1.0f : 1.0f);
    }
  });
}

void embedding_forward(std::span<const int32_t> tokens, const at::Tensor& weight, const at::Tensor& x) {
  check_tokens(tokens, weight.size(0));
  if (accelerated::takes(x)) return accelerated::embedding_forward(upload(tokens, x.device()), weight, x);
  if (!runs_on_kernels(x)) return reference::embedding_forward(tokens, weight, x);
  const int64_t width = weight.size(1);
  parallel_for(0, static_cast<int64_t>(tokens.size()), 64, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      std::copy_n(weight.data_ptr<float>() + tokens[t] * width, width, x.data_ptr<float>() + t * width);
    }
  });
}

void embedding_backward(const at::Tensor& dx, std::span<const int32_t> tokens, const at::Tensor& dweight) {
  check_tokens(tokens, dweight.size(0));
  if (accelerated::takes(dx)) {
    return accelerated::embedding_backward(dx, upload(tokens, dx.device()), place_tokens(tokens, dx.device()), dweight);
  }
  if (!runs_on_kernels(dx)) return reference::embedding_backward(dx, tokens, dweight);
  const int64_t width = dweight.size(1), parts = (width + kEmbeddingColumns - 1) / kEmbeddingColumns;
  parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    const int64_t column = begin * kEmbeddingColumns, count = std::min(width, end * kEmbeddingColumns) - column;
    for (size_t t = 0; t < tokens.size(); ++t) {
      kernel_table().training.add(dx.data_ptr<float>() + static_cast<int64_t>(t) * width + column,
                                  static_cast<int>(count), dweight.data_ptr<float>() + tokens[t] * width + column);
    }
  });
}

}  // namespace erprm
