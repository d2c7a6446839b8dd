// The CPU kernels of training, forward and backward: the row-wise parts of training_ops.h. Part of KernelTable.
// All pointers are f32, rows are contiguous unless a stride is given, widths are any number unless said otherwise.
// Every sum runs in an order that the sizes alone decide.
#pragma once

#include <cstddef>
#include <cstdint>

namespace erprm {

// The keys of a tile that the rows of a tile see: row r sees keys [r + first, r + limit), cut to [0, wide).
struct TileMask {
  int first;
  int limit;
};

struct TrainingKernels {
  // y = x r w, r = 1 / sqrt(mean of x^2 + epsilon).   x, y [rows, width], weight [width], inverse_rms [rows] = r
  void (*rms_norm)(const float* x, int rows, int width, const float* weight, float epsilon, float* y,
                   float* inverse_rms);
  // dx = r (dy w - x r^2 mean(dy w x));  dweight [width] += sum over rows of dy x r, unless nullptr
  void (*rms_norm_backward)(const float* dy, const float* x, int rows, int width, const float* weight,
                            const float* inverse_rms, float* dx, float* dweight);

  // y[i] = silu(gate[i]) up[i], i < count; and its gradients.
  void (*swiglu)(const float* gate, const float* up, int64_t count, float* y);
  void (*swiglu_backward)(const float* dy, const float* gate, const float* up, int64_t count, float* dgate, float* dup);

  // In place, half-split rotation of every head of x [heads, head_size] by one row of angles; sign -1 turns back.
  //   cosines, sines [head_size / 2]; head_size a multiple of 16
  void (*rotate)(float* x, int heads, int head_size, const float* cosines, const float* sines, float sign);

  // Online softmax over one tile of raw scores [rows, ld], in place: scores become exp(scale s - maximum), 0 where
  // masked; maxima and sums [rows] go on from what they hold (-infinity and 0 before the first tile), and out
  // [rows, width] with stride ldo is rescaled to the new maximum. wide and width multiples of 8, wide at most ld.
  void (*softmax_tile)(float* scores, size_t ld, int rows, int wide, float scale, TileMask mask, float* maxima,
                       float* sums, float* out, size_t ldo, int width);
  // out [rows, width] /= sums; log_sums[r * log_stride] = maxima[r] + ln sums[r].
  void (*softmax_finish)(const float* maxima, const float* sums, int rows, float* out, size_t ldo, int width,
                         float* log_sums, size_t log_stride);
  // From raw scores s and products p = dout v^T of a tile, both [rows, ld], in place:
  //   s becomes the weight w = exp(scale s - log_sum), p becomes its score's gradient scale w (p - own); 0 where
  //   masked.
  void (*softmax_tile_backward)(float* scores, float* products, size_t ld, int rows, int wide, float scale,
                                TileMask mask, const float* log_sums, const float* own);
  // sum over i < width of a[i] b[i], width a multiple of 8
  float (*dot)(const float* a, const float* b, int width);

  // Each column of a tile x [rows, columns]: maxima[c] = its largest, sums[c] = sum of exp(x - maxima[c]).
  void (*column_sums)(const float* x, int rows, int columns, float* maxima, float* sums);
  // In place: x = factors[c] exp(x - log_sums[c]). columns a multiple of 8, in both.
  void (*column_softmax)(float* x, int rows, int columns, const float* log_sums, const float* factors);

  // y[i] += x[i], i < count
  void (*add)(const float* x, int count, float* y);
};

}  // namespace erprm
