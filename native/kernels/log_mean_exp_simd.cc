// Labels of many segments: outcomes of 0 and 1 are read as bits, and what their count comes to is computed once for
// each (number of outcomes, number of ones); segments with any other outcome are summed up eight outcomes at a time.
// Which of the two is said by the segment's own outcomes.
#include <cmath>

#include "kernels/exponentials.h"
#include "kernels/log_mean_exp.h"
#include "kernels/outcome_bits.h"

namespace erprm::ERPRM_ISA {
namespace {

constexpr int kLanes = 8;      // etas at a time, and outcomes at a time
constexpr int64_t kLine = 16;  // outcomes that come from memory together
// The spread times eta below which the label is the mean to more digits than a double has.
constexpr double kMeanBelow = 1e-18;
// Segments of at most so many outcomes find their labels in a table.
constexpr int64_t kTableOutcomes = 128;

inline double magnitude(double x) { return x < 0 ? -x : x; }

struct Etas {
  F64x8 values;  // 1 beyond num_etas
  int count;
};

// The label of `ones` outcomes of 1 and count - ones of 0.
float label_of_counts(int64_t count, int64_t ones, double eta) {
  if (ones == 0 || ones == count) return ones == 0 ? 0.0f : 1.0f;
  const bool from_most = eta >= 0;
  const double share = static_cast<double>(from_most ? count - ones : ones) / static_cast<double>(count);
  const double label =
      magnitude(eta) < kMeanBelow ? (from_most ? -share : share) : ::log1p(share * ::expm1(-magnitude(eta))) / eta;
  return static_cast<float>((from_most ? 1.0 : 0.0) + label);
}

void label_counts(int64_t count, int64_t ones, const Etas& etas, float* labels, int64_t stride) {
  for (int e = 0; e < etas.count; ++e) labels[e * stride] = label_of_counts(count, ones, etas.values[e]);
}

// label_of_counts of up to kTableOutcomes outcomes, each computed when it is first asked for.
class CountLabels {
 public:
  explicit CountLabels(const Etas& etas) : etas_(etas) {
    for (Row& row : rows_) row[0] = NAN;
  }

  // The row of these counts, filled in.
  ERPRM_INLINE int32_t find(int64_t count, int64_t ones) {
    const auto place = static_cast<int32_t>(count * (count + 1) / 2 + ones);
    if (rows_[place][0] != rows_[place][0]) label_counts(count, ones, etas_, rows_[place], 1);
    return place;
  }
  float label(int32_t place, int e) const { return rows_[place][e]; }

 private:
  typedef float Row[kLanes];
  const Etas& etas_;
  Row rows_[(kTableOutcomes + 1) * (kTableOutcomes + 2) / 2];
};

struct Extremes {
  float least, most;
};

Extremes find_extremes(const float* outcomes, int64_t count) {
  Extremes found{outcomes[0], outcomes[0]};
  const auto include = [&found](float low, float high) {
    found.least = low < found.least ? low : found.least;
    found.most = high > found.most ? high : found.most;
  };
  if (count < kLanes) {
    for (int64_t i = 1; i < count; ++i) include(outcomes[i], outcomes[i]);
    return found;
  }
  F32x8 least = load8(outcomes + count - kLanes), most = least;  // the last eight, some of them twice
  for (int64_t i = 0; i + kLanes <= count; i += kLanes) {
    const F32x8 v = load8(outcomes + i);
    least = min8(least, v);
    most = max8(most, v);
  }
  for (int lane = 0; lane < kLanes; ++lane) include(least[lane], most[lane]);
  return found;
}

// The mean of term(outcome), of which term(padding) = 0. A running sum a lane: long segments lose less to rounding.
template <typename Term>
inline double mean_over(const float* outcomes, int64_t count, float padding, const Term& term) {
  F64x8 sum = wide(0.0);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) sum += term(widen(load8(outcomes + i)));
  if (i < count) {
    float last[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) last[lane] = i + lane < count ? outcomes[i + lane] : padding;
    sum += term(widen(load8(last)));
  }
  return sum_lanes(sum) / static_cast<double>(count);
}

// labels[e * stride] for each eta of a segment.
void label_segment(const float* outcomes, int64_t count, const Etas& etas, float* labels, int64_t stride) {
  const Extremes extremes = find_extremes(outcomes, count);
  const double spread = static_cast<double>(extremes.most) - extremes.least;
  F64x8 base = wide(extremes.least), mean = wide(0.0), exponents_mean = wide(0.0), divisor = wide(1.0);
  for (int e = 0; spread > 0 && e < etas.count; ++e) {
    const double eta = etas.values[e];
    const float from = eta >= 0 ? extremes.most : extremes.least;
    const F64x8 c = wide(from);
    base[e] = from;
    if (magnitude(eta) * spread < kMeanBelow) {
      mean[e] = mean_over(outcomes, count, from, [&](F64x8 v) { return v - c; });
    } else if (std::isfinite(eta)) {
      const F64x8 factor = wide(eta);
      divisor[e] = eta;
      exponents_mean[e] =
          mean_over(outcomes, count, from, [&](F64x8 v) { return expm1_of_negative(factor * (v - c)); });
    }
  }
  const F64x8 all = base + mean + log1p_of_negative(exponents_mean) / divisor;
  // Rounding may carry a label out of the range of its outcomes by a last bit.
  const F64x8 low = wide(extremes.least), high = wide(extremes.most);
  const F64x8 inside = all < low ? low : all > high ? high : all;
  for (int e = 0; e < etas.count; ++e) labels[e * stride] = static_cast<float>(inside[e]);
}

// The place of the first number that is infinite or none, or -1.
int64_t first_not_finite(const float* outcomes, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(outcomes[i])) return i;
  }
  return -1;
}

// Labels the segments [first, last), whose outcomes together are a run.
void label_run(const LogMeanExpBatch& batch, int64_t first, int64_t last, const OutcomeBits& bits, CountLabels& table,
               const Etas& etas, float* labels) {
  const int64_t stride = batch.num_segments, begin = batch.offsets[first];
  int32_t places[kRunOutcomes];
  const float* next = batch.outcomes + batch.offsets[last];
  for (int64_t p = first; p < last; ++p) {
    const int64_t place = batch.offsets[p] - begin, count = batch.offsets[p + 1] - batch.offsets[p];
    // What the next run reads, little by little: memory works while this one is computed.
    __builtin_prefetch(next);
    next += kLine;
    places[p - first] = count <= kTableOutcomes ? table.find(count, count_bits(bits.ones, place, count)) : 0;
  }
  for (int e = 0; e < etas.count; ++e) {
    float* out = labels + e * stride + first;
    for (int64_t i = 0; i < last - first; ++i) out[i] = table.label(places[i], e);
  }
  for (int64_t p = first; p < last; ++p) {
    const int64_t place = batch.offsets[p] - begin, count = batch.offsets[p + 1] - batch.offsets[p];
    if (bits.any_other && count_bits(bits.others, place, count) > 0) {
      label_segment(batch.outcomes + batch.offsets[p], count, etas, labels + p, stride);
    } else if (count > kTableOutcomes) {
      label_counts(count, count_bits(bits.ones, place, count), etas, labels + p, stride);
    }
  }
}

// Labels a segment that is longer than a run. Returns as log_mean_exp.
int64_t label_long(const LogMeanExpBatch& batch, int64_t p, OutcomeBits& bits, const Etas& etas, float* labels) {
  const int64_t end = batch.offsets[p + 1], count = end - batch.offsets[p];
  int64_t ones = 0;
  bool any_other = false;
  for (int64_t i = batch.offsets[p]; i < end; i += kRunOutcomes) {
    const int64_t run = end - i < kRunOutcomes ? end - i : kRunOutcomes;
    read_bits(batch.outcomes + i, run, bits);
    ones += count_bits(bits.ones, 0, run);
    any_other = any_other || bits.any_other;
    if (!bits.any_other) continue;
    if (const int64_t bad = first_not_finite(batch.outcomes + i, run); bad >= 0) return i + bad;
  }
  if (any_other) {
    label_segment(batch.outcomes + batch.offsets[p], count, etas, labels + p, batch.num_segments);
  } else {
    label_counts(count, ones, etas, labels + p, batch.num_segments);
  }
  return -1;
}

int64_t label_all(const LogMeanExpBatch& batch, int64_t begin, int64_t end, const Etas& etas, float* labels) {
  CountLabels table(etas);
  OutcomeBits bits;
  for (int64_t first = begin, last; first < end; first = last) {
    last = first + 1;
    const int64_t start = batch.offsets[first];
    if (batch.offsets[last] - start > kRunOutcomes) {
      if (const int64_t bad = label_long(batch, first, bits, etas, labels); bad >= 0) return bad;
      continue;
    }
    while (last < end && batch.offsets[last + 1] - start <= kRunOutcomes) ++last;
    const int64_t count = batch.offsets[last] - start;
    read_bits(batch.outcomes + start, count, bits);
    if (bits.any_other) {
      if (const int64_t bad = first_not_finite(batch.outcomes + start, count); bad >= 0) return start + bad;
    }
    label_run(batch, first, last, bits, table, etas, labels);
  }
  return -1;
}

}  // namespace

int64_t log_mean_exp(const LogMeanExpBatch& batch, int64_t begin, int64_t end) {
  int64_t e = 0, bad = -1;
  do {  // without any eta too: the outcomes are looked at
    Etas etas{wide(1.0), static_cast<int>(batch.num_etas - e < kLanes ? batch.num_etas - e : kLanes)};
    for (int i = 0; i < etas.count; ++i) etas.values[i] = batch.etas[e + i];
    bad = label_all(batch, begin, end, etas, batch.labels + e * batch.num_segments);
    e += kLanes;
  } while (bad < 0 && e < batch.num_etas);
  return bad;
}

}  // namespace erprm::ERPRM_ISA
