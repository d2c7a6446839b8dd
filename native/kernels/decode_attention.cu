// The two launches of decode attention; the second, which merges the partial results of a row's head, is here: one warp
// each.
#include "kernels/attention_tile.cuh"
#include "kernels/packed_numbers.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {
namespace {

constexpr int kMostHeadSize = 256;
constexpr int kColumns = 4;  // of the output, read at once by a lane
constexpr int kRounds = kMostHeadSize / (kColumns * kWarpThreads);
constexpr int kWarps = 4;

template <typename T>
__global__ void __launch_bounds__(kWarps* kWarpThreads) merge_kernel(DecodeAttention args, DecodeRows rows) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpThreads;
  const int64_t number = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarpThreads;
  const int row = static_cast<int>(number / args.num_heads), head = static_cast<int>(number % args.num_heads);
  if (row >= rows.num_rows) return;
  const bool skipped = is_skipped(rows, row);
  const DecodeRow& fixed = rows.rows[row];
  const int count = skipped ? 0 : num_ranges(fixed.trunk_limit) + num_ranges(rows.own_lengths[row]);
  const int64_t first = skipped ? 0 : fixed.first_result;
  const auto result = [&](int range) { return (first + range) * args.num_heads + head; };

  float maximum = kNoScore;
  for (int range = lane; range < count; range += kWarpThreads) {
    maximum = fmaxf(maximum, args.partial_states[2 * result(range)]);
  }
  maximum = warp_max(maximum);
  float sums[kRounds][kColumns] = {}, total = 0;
  for (int start = 0; start < count; start += kWarpThreads) {
    float share = 0;  // of the range that this lane stands for
    if (start + lane < count) {
      const float* state = args.partial_states + 2 * result(start + lane);
      share = exp2f(state[0] - maximum);
      total += share * state[1];
    }
    const int end = min(count - start, kWarpThreads);
#pragma unroll 4
    for (int range = 0; range < end; ++range) {
      const float factor = __shfl_sync(kAllLanes, share, range);
      if (factor == 0) continue;  // of a range without a visible token no output was written
      const float* output = args.partial_outputs + result(start + range) * args.head_size;
#pragma unroll
      for (int round = 0; round < kRounds; ++round) {
        const int column = kColumns * (lane + round * kWarpThreads);
        if (column >= args.head_size) continue;
        const float4 x = *reinterpret_cast<const float4*>(output + column);
        sums[round][0] += factor * x.x;
        sums[round][1] += factor * x.y;
        sums[round][2] += factor * x.z;
        sums[round][3] += factor * x.w;
      }
    }
  }
  total = warp_sum(total);
  const float inverse = skipped ? 0.0f : 1.0f / total;
  T* to = static_cast<T*>(args.output) + number * args.head_size;
#pragma unroll
  for (int round = 0; round < kRounds; ++round) {
    const int column = kColumns * (lane + round * kWarpThreads);
    if (column >= args.head_size) continue;
    Numbers<kColumns> x;
#pragma unroll
    for (int c = 0; c < kColumns; ++c) x.at[c] = sums[round][c] * inverse;
    store(to + column, x);
  }
}

}  // namespace

int decode_attention(const DecodeAttention& args, const DecodeRows& rows, const AttentionPlan& plan, Element element,
                     Stream stream) {
  const bool takes = args.head_size > 0 && args.head_size % 16 == 0 && args.head_size <= kMostHeadSize &&
                     args.ld % 8 == 0 && args.num_kv_heads > 0 && args.num_heads % args.num_kv_heads == 0;
  if (!takes) return static_cast<int>(cudaErrorInvalidValue);
  if (rows.num_rows == 0) return 0;
  const int status = element == Element::kBF16 ? partial_attention_bf16(args, rows, plan, stream)
                                               : partial_attention_f32(args, rows, plan, stream);
  if (status != 0) return status;
  const int64_t warps = static_cast<int64_t>(rows.num_rows) * args.num_heads;
  return for_element(element, [&]<typename T>() {
    return ERPRM_LAUNCH(merge_kernel<T>, (warps + kWarps - 1) / kWarps, kWarps * kWarpThreads, 0, stream, args, rows);
  });
}

}  // namespace erprm::cuda
