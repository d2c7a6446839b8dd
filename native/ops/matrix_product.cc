#include "ops/matrix_product.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/error.h"
#include "core/parallel.h"
#include "kernels/kernel_table.h"
#include "ops/training_reference.h"

namespace erprm {
namespace {

// The right factor is packed in blocks of this many columns (and kProductDepth rows): they stay in the second-level
// cache while all rows of the left factor pass over them.
constexpr int64_t kColumns = 576;
// Rows of the left factor that stay in that cache while the block's panels pass over them.
constexpr int64_t kRows = 128;

// A factor as f32 numbers at base + i * row_step + k * depth_step, i an index of the result and k that of the sum.
struct Factor {
  const float* base;
  int64_t row_step, depth_step;
};

// The stride of a single row may be anything.
bool rows_lie_apart(const at::Tensor& x) { return x.stride(1) == 1 && (x.size(0) <= 1 || x.stride(0) >= x.size(1)); }

void check(bool fits, const at::Tensor& x, const at::Tensor& w, const at::Tensor& y) {
  require(fits, ErrorCode::INVALID_ARGUMENT, "Expected the factors of a product to fit, received [", x.size(0), ", ",
          x.size(1), "] and [", w.size(0), ", ", w.size(1), "] for [", y.size(0), ", ", y.size(1), "]");
  require(rows_lie_apart(x) && rows_lie_apart(w) && rows_lie_apart(y), ErrorCode::INVALID_ARGUMENT,
          "Expected the matrices of a product to lie in rows that do not overlap");
}

// Rows [row, row_end) and columns [column, column_end) of c = left right^T.
void multiply_block(const Factor& left, const Factor& right, int64_t depth, bool accumulate, float* c, int64_t ldc,
                    int64_t row, int64_t row_end, int64_t column, int64_t column_end, float* panels,
                    float* left_panels) {
  const KernelTable& kernels = kernel_table();
  const int columns = static_cast<int>(column_end - column);
  for (int64_t k = 0; k < depth; k += kProductDepth) {
    const int slice = static_cast<int>(std::min<int64_t>(kProductDepth, depth - k));
    kernels.pack_panels(right.base + column * right.row_step + k * right.depth_step, right.row_step, right.depth_step,
                        slice, columns, panels);
    for (int64_t r = row; r < row_end; r += kRows) {
      const int rows = static_cast<int>(std::min(kRows, row_end - r));
      const float* a = left.base + r * left.row_step + k * left.depth_step;
      const bool packed = left_panels != nullptr;
      if (packed) kernels.pack_panels(a, left.row_step, left.depth_step, slice, rows, left_panels);
      kernels.product_f32(packed ? left_panels : a, packed ? 0 : left.row_step, rows, panels, slice, columns,
                          accumulate || k > 0, c + r * ldc + column, ldc);
    }
  }
}

// How the result is cut into tasks: blocks of so many columns, and of so many rows.
struct Cut {
  int64_t columns, rows;
};

// Enough tasks for the threads, as little packing as can be: the right factor is packed once a block of rows, the left
// one (where it is) once a block of columns.
Cut cut_for(int64_t rows, int64_t columns, bool left_packed) {
  const int64_t threads = num_parallel_threads(), tasks = threads == 1 ? 1 : 4 * threads;
  const auto parts = [](int64_t total, int64_t size) { return (total + size - 1) / size; };
  Cut best{};
  int64_t least = INT64_MAX;
  for (int64_t column_parts = parts(columns, kColumns); column_parts <= std::max(tasks, parts(columns, kColumns));
       ++column_parts) {
    // Whole tiles: three panels wide.
    const int64_t width = parts(parts(columns, column_parts), 3 * kPanel) * 3 * kPanel;
    const int64_t row_parts = std::min(parts(tasks, parts(columns, width)), parts(rows, kPanel));
    const int64_t height = padded(parts(rows, row_parts));
    const int64_t cost = columns * parts(rows, height) + (left_packed ? rows * parts(columns, width) : 0);
    if (cost >= least) continue;
    least = cost;
    best = {width, height};
  }
  return best;
}

// c [M, N] (+)= left right^T
void multiply(const Factor& left, const Factor& right, int64_t depth, bool accumulate, const at::Tensor& y) {
  const int64_t rows = y.size(0), columns = y.size(1), ldc = y.stride(0);
  float* c = y.data_ptr<float>();
  if (rows == 0 || columns == 0) return;
  if (depth == 0) {
    if (!accumulate) y.zero_();
    return;
  }
  const Cut cut = cut_for(rows, columns, left.depth_step != 1);
  const int64_t column_blocks = (columns + cut.columns - 1) / cut.columns;
  const int64_t row_blocks = (rows + cut.rows - 1) / cut.rows;
  parallel_for(0, column_blocks * row_blocks, 1, [&](int64_t begin, int64_t end) {
    const int64_t slice = std::min<int64_t>(depth, kProductDepth);
    const at::Tensor panels = at::empty({slice * padded(std::min(columns, cut.columns))}, at::kFloat);
    // Rows are read as they lie; columns would be a page apart at every step.
    const bool packed = left.depth_step != 1;
    const at::Tensor left_panels = at::empty({packed ? slice * padded(std::min(rows, kRows)) : 0}, at::kFloat);
    while (begin < end) {
      // All tasks of one block of columns together, so that it is packed once.
      const int64_t block = begin / row_blocks, last = std::min(end, (block + 1) * row_blocks);
      const int64_t row = (begin - block * row_blocks) * cut.rows;
      const int64_t row_end = std::min(rows, (last - block * row_blocks) * cut.rows);
      multiply_block(left, right, depth, accumulate, c, ldc, row, row_end, block * cut.columns,
                     std::min(columns, (block + 1) * cut.columns), panels.data_ptr<float>(),
                     packed ? left_panels.data_ptr<float>() : nullptr);
      begin = last;
    }
  });
}

// A step of 0 would say that the factor is packed.
Factor by_rows(const at::Tensor& x) { return {x.data_ptr<float>(), std::max(x.stride(0), x.size(1)), 1}; }
Factor by_columns(const at::Tensor& x) { return {x.data_ptr<float>(), 1, x.stride(0)}; }

}  // namespace

void product_nt(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate) {
  if (!runs_on_kernels(x)) return reference::product_nt(x, w, y, accumulate);
  check(x.size(1) == w.size(1) && y.size(0) == x.size(0) && y.size(1) == w.size(0), x, w, y);
  multiply(by_rows(x), by_rows(w), x.size(1), accumulate, y);
}

void product_nn(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate) {
  if (!runs_on_kernels(x)) return reference::product_nn(x, w, y, accumulate);
  check(x.size(1) == w.size(0) && y.size(0) == x.size(0) && y.size(1) == w.size(1), x, w, y);
  multiply(by_rows(x), by_columns(w), x.size(1), accumulate, y);
}

void product_tn(const at::Tensor& x, const at::Tensor& w, const at::Tensor& y, bool accumulate) {
  if (!runs_on_kernels(x)) return reference::product_tn(x, w, y, accumulate);
  check(x.size(0) == w.size(0) && y.size(0) == x.size(1) && y.size(1) == w.size(1), x, w, y);
  multiply(by_columns(x), by_columns(w), x.size(0), accumulate, y);
}

}  // namespace erprm
