// One token from one row of logits: a pass for the maximum, a pass for exp and chunk sums, then the inverse of the
// cumulative distribution at the given uniform number, in token order. Sums of chunks are doubles in a fixed order.
#include <algorithm>
#include <cfloat>
#include <cmath>

#include "kernels/kernel_table.h"
#include "kernels/simd.h"
#include "kernels/truncate_weights.h"

namespace erprm::ERPRM_ISA {
namespace {

constexpr int kChunk = 512;

// Eight logits from index i on; what lies beyond the vocabulary reads as -infinity.
ERPRM_INLINE F32x8 load_logits(const float* logits, int vocabulary, int i) {
  if (i + 8 <= vocabulary) return load8(logits + i);
  F32x8 v = splat8(-INFINITY);
  for (int lane = 0; i + lane < vocabulary; ++lane) v[lane] = logits[i + lane];
  return v;
}

struct Peak {
  float logit;
  bool finite;
};

ERPRM_INLINE Peak find_peak(const float* logits, int vocabulary) {
  F32x8 largest = splat8(-INFINITY), poison = splat8(0.0f);
  int i = 0;
  for (; i + 8 <= vocabulary; i += 8) {
    const F32x8 v = load8(logits + i);
    largest = max8(v, largest);
    poison += v * splat8(0.0f);  // becomes NaN, and stays so, at the first logit that is not finite
  }
  float peak = max_lanes(largest), bad = sum_lanes(poison);
  for (; i < vocabulary; ++i) {
    peak = logits[i] > peak ? logits[i] : peak;
    bad += logits[i] * 0.0f;
  }
  return {peak, bad == 0.0f};
}

// Of a temperature so small that the quotient overflows, the largest float: the peak keeps weight 1, 0 times infinity
// would be NaN.
ERPRM_INLINE float inverse_of(float temperature) {
  const float inverse = 1.0f / temperature;
  return inverse < FLT_MAX ? inverse : FLT_MAX;
}

// weights[i] = exp((logits[i] - peak) * inverse_temperature); returns their sum.
ERPRM_INLINE double exponentiate(const float* logits, int vocabulary, float peak, float inverse_temperature,
                                 float* weights) {
  const F32x8 shift = splat8(peak), factor = splat8(inverse_temperature);
  double total = 0;
  for (int start = 0; start < vocabulary; start += kChunk) {
    const int end = start + kChunk < vocabulary ? start + kChunk : vocabulary;
    F32x8 sum = splat8(0.0f);
    for (int i = start; i < end; i += 8) {
      const F32x8 weight = exp8((load_logits(logits, vocabulary, i) - shift) * factor);
      store8(weights + i, weight);
      sum += weight;
    }
    total += sum_lanes(sum);
  }
  return total;
}

ERPRM_INLINE double chunk_sum(const float* weights, int start, int end) {
  F32x8 sum = splat8(0.0f);
  for (int i = start; i < end; i += 8) sum += load8(weights + i);
  return sum_lanes(sum);
}

// The first token at which the running sum of weights passes uniform * total.
int invert(const float* weights, int vocabulary, double total, double uniform) {
  double rest = uniform * total;
  int last = 0;
  for (int start = 0; start < vocabulary; start += kChunk) {
    const int end = start + kChunk < vocabulary ? start + kChunk : vocabulary;
    const double sum = chunk_sum(weights, start, end);
    if (sum == 0) continue;
    const bool here = rest < sum;
    for (int i = start; i < end; ++i) {
      if (weights[i] == 0) continue;
      last = i;
      if (!here) continue;
      rest -= weights[i];
      if (rest < 0) return i;
    }
    if (here) return last;  // the chunk's sum and the sum taken one by one differ in the last bits
    rest -= sum;
  }
  return last;
}

ERPRM_INLINE float log_share(float logit, float peak, float inverse_temperature, double total) {
  return static_cast<float>(static_cast<double>(logit - peak) * inverse_temperature - std::log(total));
}

SampledToken sample_token(const float* logits, int vocabulary, const SamplingOptions& options, double uniform,
                          float* scratch) {
  const Peak peak = find_peak(logits, vocabulary);
  if (!peak.finite) return {-1, 0.0f};
  const bool greedy = options.temperature == 0.0f;
  const float inverse_temperature = greedy ? 1.0f : inverse_of(options.temperature);
  double total = exponentiate(logits, vocabulary, peak.logit, inverse_temperature, scratch);
  int token = 0;
  if (greedy) {
    while (logits[token] != peak.logit) ++token;
    return {token, log_share(peak.logit, peak.logit, 1.0f, total)};
  }
  const double full_total = total;
  if (truncates(options)) {
    truncate_weights(scratch, vocabulary, options);
    total = 0;
    for (int start = 0; start < vocabulary; start += kChunk) {
      total += chunk_sum(scratch, start, start + kChunk < vocabulary ? start + kChunk : vocabulary);
    }
  }
  token = invert(scratch, vocabulary, total, uniform);
  return {token, log_share(logits[token], peak.logit, inverse_temperature, full_total)};
}

float log_probability(const float* logits, int vocabulary, float temperature, int token, float* scratch) {
  const Peak peak = find_peak(logits, vocabulary);
  if (!peak.finite) return NAN;
  const float inverse_temperature = inverse_of(temperature);
  const double total = exponentiate(logits, vocabulary, peak.logit, inverse_temperature, scratch);
  return log_share(logits[token], peak.logit, inverse_temperature, total);
}

}  // namespace

void add_sampling_kernels(KernelTable& table) {
  table.sample_token = sample_token;
  table.log_probability = log_probability;
}

}  // namespace erprm::ERPRM_ISA
