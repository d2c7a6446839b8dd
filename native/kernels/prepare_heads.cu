// One warp a query head, or a key head together with its value. A lane holds neighbouring pairs (i, i + 1) of both
// halves of the head, so that loads are of two numbers and the norm and the rotation stay in registers.
#include "kernels/cuda_transformer.h"
#include "kernels/kernel_table.h"
#include "kernels/packed_numbers.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {
namespace {

constexpr int kMostHeadSize = 256;
constexpr int kRounds = kMostHeadSize / 2 / (2 * kWarpThreads);
constexpr int kWarps = 4;

// The head rotated, into `to` and, unless null, `also`.
template <typename T>
__device__ void rotate_head(const PrepareHeads& args, int64_t row, const T* from, const float* norm, float scale, T* to,
                            T* also) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpThreads, half = args.head_size / 2;
  Numbers<2> x[kRounds], y[kRounds];
  float squares = 0;
#pragma unroll
  for (int n = 0; n < kRounds; ++n) {
    const int i = 2 * (lane + n * kWarpThreads);
    if (i >= half) continue;
    x[n] = load<2>(from + i);
    y[n] = load<2>(from + half + i);
#pragma unroll
    for (int j = 0; j < 2; ++j) squares += x[n].at[j] * x[n].at[j] + y[n].at[j] * y[n].at[j];
  }
  float factor = 1.0f;
  if (norm != nullptr) factor = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(args.head_size) + args.epsilon);
#pragma unroll
  for (int n = 0; n < kRounds; ++n) {
    const int i = 2 * (lane + n * kWarpThreads);
    if (i >= half) continue;
    const Numbers<2> c = load<2>(args.cosines + row * half + i), s = load<2>(args.sines + row * half + i);
    if (norm != nullptr) {
      const Numbers<2> low = load<2>(norm + i), high = load<2>(norm + half + i);
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        x[n].at[j] = x[n].at[j] * factor * low.at[j];
        y[n].at[j] = y[n].at[j] * factor * high.at[j];
      }
    }
    Numbers<2> rotated_x, rotated_y;
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      rotated_x.at[j] = (x[n].at[j] * c.at[j] - y[n].at[j] * s.at[j]) * scale;
      rotated_y.at[j] = (y[n].at[j] * c.at[j] + x[n].at[j] * s.at[j]) * scale;
    }
    store(to + i, rotated_x);
    store(to + half + i, rotated_y);
    if (also == nullptr) continue;
    store(also + i, rotated_x);
    store(also + half + i, rotated_y);
  }
}

template <typename T>
__global__ void __launch_bounds__(kWarps* kWarpThreads) prepare_heads_kernel(PrepareHeads args) {
  const int heads = args.num_heads + args.num_kv_heads, lane = static_cast<int>(threadIdx.x) % kWarpThreads;
  const int64_t number = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarpThreads;
  const int64_t row = number / heads;
  if (row >= args.num_rows) return;
  const int head = static_cast<int>(number % heads);
  T* x = static_cast<T*>(args.qkv) + row * args.ld + static_cast<int64_t>(head) * args.head_size;
  if (head < args.num_heads) {
    rotate_head<T>(args, row, x, args.query_norm, args.query_scale, x, nullptr);
    return;
  }
  T* key = nullptr;
  if (args.kv_rows != nullptr && args.kv_rows[row] != nullptr) {
    const int64_t own = static_cast<int64_t>(head - args.num_heads) * kKvTokens * args.head_size;
    key = reinterpret_cast<T*>(static_cast<unsigned char*>(args.kv_rows[row]) + args.layer_bytes) + own;
  }
  rotate_head<T>(args, row, x, args.key_norm, 1.0f, x, key);
  if (key == nullptr) return;
  const T* value = x + static_cast<int64_t>(args.num_kv_heads) * args.head_size;
  T* to = key + static_cast<int64_t>(args.num_kv_heads) * kKvTokens * args.head_size;
  constexpr int kEach = kPack<T>;
  for (int i = lane * kEach; i < args.head_size; i += kWarpThreads * kEach) store(to + i, load<kEach>(value + i));
}

}  // namespace

int prepare_heads(const PrepareHeads& args, Element element, Stream stream) {
  const bool takes = args.head_size > 0 && args.head_size % 16 == 0 && args.head_size <= kMostHeadSize &&
                     args.ld % 8 == 0 && (args.query_norm == nullptr) == (args.key_norm == nullptr);
  if (!takes) return static_cast<int>(cudaErrorInvalidValue);
  if (args.num_rows == 0) return 0;
  const int64_t warps = static_cast<int64_t>(args.num_rows) * (args.num_heads + args.num_kv_heads);
  return for_element(element, [&]<typename T>() {
    return ERPRM_LAUNCH(prepare_heads_kernel<T>, (warps + kWarps - 1) / kWarps, kWarps * kWarpThreads, 0, stream, args);
  });
}

}  // namespace erprm::cuda
