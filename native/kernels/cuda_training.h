// The kernels of training on the accelerator but for AdamW (cuda_adamw.h): the row-wise parts of a transformer forward
// and backward, the embedding, and the losses. Twins: training_table.h and, for what has no kernel on the CPU,
// ops/training_reference.h.
//
// All pointers are to the device's memory; rows lie without gaps. `void*` is of `element`, everything else is as it
// says; sums are f32 whatever the element, and a result is rounded when it is stored. Sums run in an order that the
// sizes alone decide: the same arguments give the same bits. Every launcher queues its kernels on `stream` and returns
// a cudaError_t, 0 when they were launched; it does nothing for zero rows.
#pragma once

#include <cstdint>

#include "kernels/cuda_element.h"
#include "kernels/cuda_stream.h"

namespace erprm::cuda {

// y = x r w, r = 1 / sqrt(mean of x^2 + epsilon).   x, y [rows, width], weight [width], inverse_rms [rows] = r
int training_norm(const void* x, int64_t rows, int width, const float* weight, float epsilon, void* y,
                  float* inverse_rms, Element element, Stream stream);

// Rows of `partials` that training_norm_backward wants for a gradient of the weight.
int64_t norm_partials(int64_t rows, int width);
// The widest rows it takes: their sums are kept in shared memory, of which every launch may have 48 KiB, some of them
// for other things.
constexpr int kWidestNorm = 12032;

// dx = r (dy w - x r^2 mean(dy w x));  dweight [width] += sum over rows of dy x r, unless null
//   partials f32 [norm_partials(rows, width), width]: room to work in; null when dweight is
int training_norm_backward(const void* dy, const void* x, int64_t rows, int width, const float* weight,
                           const float* inverse_rms, void* dx, float* partials, float* dweight, Element element,
                           Stream stream);

// y[i] = silu(gate[i]) up[i], i < count; and its gradients.
int training_swiglu(const void* gate, const void* up, int64_t count, void* y, Element element, Stream stream);
int training_swiglu_backward(const void* dy, const void* gate, const void* up, int64_t count, void* dgate, void* dup,
                             Element element, Stream stream);

// In place, half-split rotation of every head of x [rows, heads, 2 half] by its row's angles; `inverse` turns back.
//   cosines, sines f32 [rows, half]
int training_rotate(void* x, int64_t rows, int heads, int half, const float* cosines, const float* sines, bool inverse,
                    Element element, Stream stream);

// x [count, width] = weight[tokens], weight f32 [V, width]
int training_embed(const int32_t* tokens, int64_t count, const float* weight, int width, void* x, Element element,
                   Stream stream);
// dweight f32 [V, width]: the row of each different token += the rows of dx [T, width] at its places, in their order.
//   places i32 [T]: the indices of the tokens, those of one token side by side and ascending
//   starts i32 [different + 1]: where in `places` those of each different token begin
int training_embed_backward(const void* dx, const int32_t* tokens, const int32_t* places, const int32_t* starts,
                            int64_t different, int width, float* dweight, Element element, Stream stream);

// losses[p] = -ln softmax(logits[p])[tokens[p]], logits [rows, vocabulary]; unless weights f32 [rows] is null, logits
// become the gradient of sum over p of weights[p] losses[p], in place.
int training_vocabulary_loss(void* logits, int64_t rows, int64_t vocabulary, const int32_t* tokens,
                             const float* weights, float* losses, Element element, Stream stream);

// A loss of one logit a position, d = (positive - negative) h + bias, p = 1 / (1 + exp(-d)) (train/losses.h).
enum class LogitLoss : int32_t { kCrossEntropy, kSquaredError };

// hidden [rows, width]; positive, negative f32 [width], bias f32 [1] (the last two may be null); labels, weights,
// losses, scores (p), slopes (weights[r] dl/dd) f32 [rows]. Unless null, dhidden [rows, width] = slope times direction.
int training_logit_loss(const void* hidden, int64_t rows, int width, const float* positive, const float* negative,
                        const float* bias, const float* labels, const float* weights, LogitLoss loss, float* losses,
                        float* scores, float* slopes, void* dhidden, Element element, Stream stream);
// dpositive += and dnegative -= sum over rows of slopes[r] hidden[r];  dbias += the sum of the slopes. Null is left
// out.
int training_logit_gradient(const void* hidden, const float* slopes, int64_t rows, int width, float* dpositive,
                            float* dnegative, float* dbias, Element element, Stream stream);

}  // namespace erprm::cuda
