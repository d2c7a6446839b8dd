// Labels on the accelerator: a block takes kThreads segments and brings their outcomes to shared memory, a run of as
// many segments as fit at a time, in loads of 16 bytes. Then a short segment is one thread's, a longer one a warp's;
// one that does not fit is the whole block's, read where it lies. Which of the three is said by the segment's own
// length.
//
// In f32, with x = mean of expm1(eta (outcome - c)) while |eta| times the spread is below 1, as on the CPU; above,
// where 1 + x may be small against the rounding of x, with the mean of the exponentials themselves:
//   c + log1p(x) / eta     or     c + ln(mean of exp(eta (outcome - c))) / eta
// Segments of at most two different values need one exponential an eta. Loads bound the time then.
#include <cfloat>

#include "kernels/cuda_device.h"
#include "kernels/cuda_log_mean_exp.h"

namespace erprm::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarp = 32;
constexpr unsigned kAllLanes = 0xFFFFFFFFu;
constexpr int kTile = 8192;  // outcomes in shared memory
constexpr int kShort = 64;   // outcomes that one thread goes through
// |eta| times the spread below which the label is the mean, up to 2e-9 of the spread.
constexpr double kMeanBelow = 1e-8;

struct Labels {
  LogMeanExpBatch batch;
  float* hard;
  float threshold;
};

// A place of padding after every 32 keeps threads that go through neighbouring segments of equal length, a power of
// two, out of each other's banks.
__device__ int padded_place(int i) { return i + i / 32; }
constexpr int kTileNumbers = kTile + 4 + (kTile + 4) / 32 + 1;

// What kLanes threads have found together, told to all of them. `combine` is commutative; pairs are combined in a fixed
// order.
template <int kLanes, typename T, typename Combine>
__device__ T together(T value, const Combine& combine) {
  if constexpr (kLanes > 1) {
#pragma unroll
    for (int distance = kWarp / 2; distance > 0; distance /= 2) {
      value = combine(value, __shfl_xor_sync(kAllLanes, value, distance));
    }
  }
  if constexpr (kLanes == kThreads) {
    __shared__ T warps[kThreads / kWarp];
    __syncthreads();  // what was told before has been read
    if (threadIdx.x % kWarp == 0) warps[threadIdx.x / kWarp] = value;
    __syncthreads();
    value = warps[0];
    for (int w = 1; w < kThreads / kWarp; ++w) value = combine(value, warps[w]);
  }
  return value;
}

// A sum of f32 that carries its rounding along.
struct CompensatedSum {
  float sum = 0, excess = 0;
  __device__ void add(float x) {
    const float wanted = __fsub_rn(x, excess), next = __fadd_rn(sum, wanted);
    excess = __fsub_rn(__fsub_rn(next, sum), wanted);
    sum = next;
  }
  __device__ double value() const { return static_cast<double>(sum) - excess; }
};

struct Segment {
  int count;
  float least, most;
  int num_most;  // how many outcomes are the largest one, or -1 with more than two different values
};

__device__ double sum_of(double a, double b) { return a + b; }

// `lane` is the thread's number among the kLanes; at(i) is the segment's i-th outcome.
template <int kLanes, typename At>
__device__ double label_of(const At& at, int lane, const Segment& segment, double eta) {
  if (segment.least == segment.most) return segment.least;  // infinity times no spread is no number
  const double spread = static_cast<double>(segment.most) - segment.least, reach = fabs(eta) * spread;
  const bool from_most = eta >= 0;
  const float base = from_most ? segment.most : segment.least;
  // Two values: the share of the one that is not the base.
  const double other =
      static_cast<double>(from_most ? segment.count - segment.num_most : segment.num_most) / segment.count;
  if (reach < kMeanBelow) {
    if (segment.num_most >= 0) return base + other * (from_most ? -spread : spread);
    double sum = 0;
    for (int i = lane; i < segment.count; i += kLanes) sum += static_cast<double>(at(i)) - base;
    return base + together<kLanes>(sum, sum_of) / segment.count;
  }
  const bool is_small = reach < 1.0;
  double mean;  // of the exponentials, less 1 where they are close to it
  if (segment.num_most >= 0) {
    const float exponent = static_cast<float>(-reach);
    mean = is_small ? other * expm1f(exponent) : 1.0 - other + other * expf(exponent);
  } else {
    const float factor = fminf(fmaxf(static_cast<float>(eta), -FLT_MAX), FLT_MAX);
    CompensatedSum sum;
    if (is_small) {
      for (int i = lane; i < segment.count; i += kLanes) sum.add(expm1f(factor * (at(i) - base)));
    } else {
      for (int i = lane; i < segment.count; i += kLanes) sum.add(expf(factor * (at(i) - base)));
    }
    mean = together<kLanes>(sum.value(), sum_of) / segment.count;
  }
  const float logarithm = is_small ? log1pf(static_cast<float>(mean)) : logf(static_cast<float>(mean));
  return base + logarithm / eta;
}

template <int kLanes, typename At>
__device__ void label_segment(const At& at, int lane, int count, int64_t number, const Labels& labels) {
  // One pass: the range of the outcomes that differ from the first one, which says also whether they are one value.
  const float value = at(0);
  float low = FLT_MAX, high = -FLT_MAX;
  int num_others = 0;
  for (int i = lane; i < count; i += kLanes) {
    const float outcome = at(i);
    if (outcome == value) continue;
    low = fminf(low, outcome);
    high = fmaxf(high, outcome);
    ++num_others;
  }
  low = together<kLanes>(low, [](float a, float b) { return fminf(a, b); });
  high = together<kLanes>(high, [](float a, float b) { return fmaxf(a, b); });
  num_others = together<kLanes>(num_others, [](int a, int b) { return a + b; });
  Segment segment{count, fminf(low, value), fmaxf(high, value), -1};
  if (num_others == 0) segment.num_most = count;
  if (low == high) segment.num_most = value > low ? count - num_others : num_others;
  if (labels.hard != nullptr && lane == 0) labels.hard[number] = segment.most >= labels.threshold ? 1.0f : 0.0f;
  for (int64_t e = 0; e < labels.batch.num_etas; ++e) {
    const double label = label_of<kLanes>(at, lane, segment, labels.batch.etas[e]);
    // Rounding may carry a label out of the range of its outcomes by a last bit.
    const float rounded =
        static_cast<float>(fmin(fmax(label, static_cast<double>(segment.least)), static_cast<double>(segment.most)));
    if (lane == 0) labels.batch.labels[e * labels.batch.num_segments + number] = rounded;
  }
}

// tile[padded_place(i - begin / 4 * 4)] = outcomes[i] for i in [begin, end).
__device__ void load_tile(const float* outcomes, int64_t begin, int64_t end, float* tile) {
  const int64_t start = begin / 4 * 4;
#pragma unroll 4
  for (int64_t i = start + 4 * static_cast<int64_t>(threadIdx.x); i < end; i += 4 * kThreads) {
    float* to = tile + padded_place(static_cast<int>(i - start));
    if (i >= begin && i + 4 <= end) {
      const float4 four = *reinterpret_cast<const float4*>(outcomes + i);
      to[0] = four.x;
      to[1] = four.y;
      to[2] = four.z;
      to[3] = four.w;
    } else {
      for (int j = 0; j < 4; ++j) {
        if (i + j >= begin && i + j < end) to[j] = outcomes[i + j];
      }
    }
  }
}

__global__ void __launch_bounds__(kThreads, 3) log_mean_exp_kernel(Labels labels) {
  __shared__ float tile[kTileNumbers];
  const LogMeanExpBatch& batch = labels.batch;
  const int t = static_cast<int>(threadIdx.x), lane = t % kWarp, warp = t / kWarp;
  int64_t first = static_cast<int64_t>(blockIdx.x) * kThreads;
  const int64_t last = min(first + kThreads, batch.num_segments);
  while (first < last) {
    const int64_t begin = batch.offsets[first];
    const bool fits = first + t < last && batch.offsets[first + t + 1] - begin <= kTile;
    const int run = __syncthreads_count(fits ? 1 : 0);  // and the run before is done with
    if (run == 0) {
      const float* outcomes = batch.outcomes + begin;
      const int count = static_cast<int>(batch.offsets[first + 1] - begin);
      label_segment<kThreads>([outcomes](int i) { return outcomes[i]; }, t, count, first, labels);
      ++first;
      continue;
    }
    load_tile(batch.outcomes, begin, batch.offsets[first + run], tile);
    __syncthreads();
    const auto of_segment = [&](int i) {
      const int start = static_cast<int>(batch.offsets[first + i] - begin / 4 * 4);
      const float* from = tile;
      return [start, from](int j) { return from[padded_place(start + j)]; };
    };
    const auto count_of = [&](int i) { return batch.offsets[first + i + 1] - batch.offsets[first + i]; };
    if (t < run && count_of(t) <= kShort) label_segment<1>(of_segment(t), 0, count_of(t), first + t, labels);
    for (int i = warp; i < run; i += kThreads / kWarp) {
      if (count_of(i) > kShort) label_segment<kWarp>(of_segment(i), lane, count_of(i), first + i, labels);
    }
    first += run;
  }
}

}  // namespace

int log_mean_exp(const LogMeanExpBatch& batch, float* hard, float threshold, Stream stream) {
  if (batch.num_segments == 0 || (batch.num_etas == 0 && hard == nullptr)) return 0;
  const int64_t blocks = (batch.num_segments + kThreads - 1) / kThreads;
  return ERPRM_LAUNCH(log_mean_exp_kernel, blocks, kThreads, 0, stream, Labels{batch, hard, threshold});
}

}  // namespace erprm::cuda
