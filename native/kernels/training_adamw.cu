// AdamW over every parameter in one launch, and the norm of all gradients: a block a piece of a tensor.
#include "kernels/cuda_adamw.h"
#include "kernels/packed_numbers.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {
namespace {

constexpr int kEach = 4;  // numbers a thread reads at once
constexpr int kSumThreads = 1024;

// Calls whole(i) for every kEach numbers of the piece and single(i) for what is left of a tensor at its end.
template <typename Whole, typename Single>
__device__ void for_piece(const AdamWTensor& tensor, int32_t index, const Whole& whole, const Single& single) {
  const int64_t begin = index * kAdamWPiece;
  const int64_t end = begin + kAdamWPiece < tensor.count ? begin + kAdamWPiece : tensor.count;
  const int64_t last = end - end % kEach;
  for (int64_t i = begin + static_cast<int64_t>(threadIdx.x) * kEach; i < last; i += kBlockThreads * kEach) whole(i);
  if (last + threadIdx.x < end) single(last + threadIdx.x);
}

// In double: the squares of numbers that f32 holds do not overflow, and nothing is lost in a long sum.
__global__ void __launch_bounds__(kBlockThreads)
    squares_kernel(const AdamWTensor* tensors, const AdamWPiece* pieces, double* partials) {
  const AdamWPiece piece = pieces[blockIdx.x];
  const AdamWTensor tensor = tensors[piece.tensor];
  double sum = 0;
  for_piece(
      tensor, piece.index,
      [&](int64_t i) {
        const Numbers<kEach> g = load<kEach>(tensor.gradient + i);
#pragma unroll
        for (int j = 0; j < kEach; ++j) sum += static_cast<double>(g.at[j]) * g.at[j];
      },
      [&](int64_t i) { sum += static_cast<double>(tensor.gradient[i]) * tensor.gradient[i]; });
  sum = block_sum(sum);
  if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

__global__ void __launch_bounds__(kSumThreads) norm_kernel(const double* partials, int64_t count, double* norm) {
  double sum = 0;
  for (int64_t i = threadIdx.x; i < count; i += kSumThreads) sum += partials[i];
  sum = block_sum(sum);
  if (threadIdx.x == 0) *norm = sqrt(sum);
}

__device__ inline void update(float& value, float gradient, float& first, float& second, float kept,
                              const AdamWNumbers& n) {
  gradient *= n.scale;
  first = n.beta1 * first + n.first_share * gradient;
  second = n.beta2 * second + n.second_share * gradient * gradient;
  value = value * kept - n.corrected_rate * first / (sqrtf(second) / n.second_root + n.epsilon);
}

__global__ void __launch_bounds__(kBlockThreads)
    adamw_kernel(const AdamWTensor* tensors, const AdamWPiece* pieces, AdamWNumbers numbers) {
  const AdamWPiece piece = pieces[blockIdx.x];
  const AdamWTensor tensor = tensors[piece.tensor];
  auto* copy = static_cast<__nv_bfloat16*>(tensor.copy);
  const float kept = 1.0f - numbers.learning_rate_decay * tensor.weight_decay;
  for_piece(
      tensor, piece.index,
      [&](int64_t i) {
        Numbers<kEach> value = load<kEach>(tensor.value + i), first = load<kEach>(tensor.first_moment + i);
        Numbers<kEach> second = load<kEach>(tensor.second_moment + i);
        const Numbers<kEach> gradient = load<kEach>(tensor.gradient + i);
#pragma unroll
        for (int j = 0; j < kEach; ++j) {
          update(value.at[j], gradient.at[j], first.at[j], second.at[j], kept, numbers);
        }
        store(tensor.value + i, value);
        store(tensor.first_moment + i, first);
        store(tensor.second_moment + i, second);
        store(tensor.gradient + i, Numbers<kEach>{});
        if (copy != nullptr) store(copy + i, value);
      },
      [&](int64_t i) {
        update(tensor.value[i], tensor.gradient[i], tensor.first_moment[i], tensor.second_moment[i], kept, numbers);
        tensor.gradient[i] = 0;
        if (copy != nullptr) copy[i] = rounded<__nv_bfloat16>(tensor.value[i]);
      });
}

}  // namespace

int gradient_norm(const AdamWTensor* tensors, const AdamWPiece* pieces, int64_t num_pieces, double* partials,
                  double* norm, Stream stream) {
  if (num_pieces > 0) {
    const int status = ERPRM_LAUNCH(squares_kernel, num_pieces, kBlockThreads, 0, stream, tensors, pieces, partials);
    if (status != 0) return status;
  }
  return ERPRM_LAUNCH(norm_kernel, 1, kSumThreads, 0, stream, partials, num_pieces, norm);
}

int adamw(const AdamWTensor* tensors, const AdamWPiece* pieces, int64_t num_pieces, const AdamWNumbers& numbers,
          Stream stream) {
  if (num_pieces == 0) return 0;
  return ERPRM_LAUNCH(adamw_kernel, num_pieces, kBlockThreads, 0, stream, tensors, pieces, numbers);
}

}  // namespace erprm::cuda
