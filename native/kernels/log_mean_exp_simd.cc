#include <cmath>
#include <cstring>

#include "kernels/log_mean_exp.h"

namespace erprm::ERPRM_ISA {
namespace {

typedef float F32x4 __attribute__((vector_size(16)));
typedef double F64x4 __attribute__((vector_size(32)));
typedef int64_t I64x4 __attribute__((vector_size(32)));

inline F64x4 splat4(double x) { return F64x4{x, x, x, x}; }
inline double sum_lanes(F64x4 v) { return (v[0] + v[2]) + (v[1] + v[3]); }

// Four outcomes as doubles.
inline F64x4 load4(const float* outcomes) {
  F32x4 v;
  std::memcpy(&v, outcomes, sizeof v);
  return __builtin_convertvector(v, F64x4);
}

// The last 1 to 3 outcomes of a segment; the other lanes read as `padding`.
inline F64x4 load_tail(const float* outcomes, int64_t count, float padding) {
  F32x4 v = {padding, padding, padding, padding};
  for (int64_t lane = 0; lane < count; ++lane) v[lane] = outcomes[lane];
  return __builtin_convertvector(v, F64x4);
}

// exp(y) - 1 for y <= 0, relative error below 1e-12. y = n ln 2 + r with |r| <= ln(2)/2; the Taylor polynomial of
// expm1(r); then 2^n expm1(r) + (2^n - 1), which keeps the relative precision of a small y because then n = 0.
inline F64x4 expm1_of_negative(F64x4 y) {
  y = y > splat4(-700.0) ? y : splat4(-700.0);     // exp(-700) is nothing beside 1, and 2^n stays a normal number
  const F64x4 magic = splat4(6755399441055744.0);  // 1.5 * 2^52: adding it rounds to an integer
  const F64x4 shifted = y * splat4(1.4426950408889634) + magic;
  const F64x4 n = shifted - magic;
  const F64x4 r = (y - n * splat4(0.693147180369123816490)) - n * splat4(1.90821492927058770002e-10);
  F64x4 p = splat4(1.0 / 3628800);
  p = p * r + splat4(1.0 / 362880);
  p = p * r + splat4(1.0 / 40320);
  p = p * r + splat4(1.0 / 5040);
  p = p * r + splat4(1.0 / 720);
  p = p * r + splat4(1.0 / 120);
  p = p * r + splat4(1.0 / 24);
  p = p * r + splat4(1.0 / 6);
  p = p * r + splat4(1.0 / 2);
  p = p * r * r + r;
  I64x4 exponent, zero;
  std::memcpy(&exponent, &shifted, sizeof exponent);
  std::memcpy(&zero, &magic, sizeof zero);
  const I64x4 bits = (exponent - zero + 1023) << 52;
  F64x4 power;
  std::memcpy(&power, &bits, sizeof power);
  return power * p + (power - splat4(1.0));
}

struct Extremes {
  float least, most;
};

Extremes find_extremes(const float* outcomes, int64_t count) {
  F32x4 least = {outcomes[0], outcomes[0], outcomes[0], outcomes[0]}, most = least;
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    F32x4 v;
    std::memcpy(&v, outcomes + i, sizeof v);
    least = v < least ? v : least;
    most = v > most ? v : most;
  }
  Extremes found{least[0], most[0]};
  const auto include = [&found](float low, float high) {
    found.least = low < found.least ? low : found.least;
    found.most = high > found.most ? high : found.most;
  };
  for (int lane = 1; lane < 4; ++lane) include(least[lane], most[lane]);
  for (; i < count; ++i) include(outcomes[i], outcomes[i]);
  return found;
}

// How many outcomes are the largest one, or -1 when some outcome lies strictly between the extremes.
int64_t count_most(const float* outcomes, int64_t count, Extremes extremes) {
  int64_t num_most = 0, num_least = 0;
  for (int64_t i = 0; i < count; ++i) {
    num_most += outcomes[i] == extremes.most;
    num_least += outcomes[i] == extremes.least;
  }
  return num_most + num_least == count ? num_most : -1;
}

// Two running sums a lane: the chains of additions overlap in time, and long segments lose less to rounding.
template <typename Term>
inline double mean_over(const float* outcomes, int64_t count, float padding, Term term) {
  F64x4 even = splat4(0.0), odd = splat4(0.0);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    even += term(load4(outcomes + i));
    odd += term(load4(outcomes + i + 4));
  }
  if (i + 4 <= count) {
    even += term(load4(outcomes + i));
    i += 4;
  }
  if (i < count) odd += term(load_tail(outcomes + i, count - i, padding));
  return sum_lanes(even + odd) / static_cast<double>(count);
}

// The spread times eta at which the label is the mean to more digits than a double has.
constexpr double kMeanBelow = 1e-18;

double label_of(const float* outcomes, int64_t count, Extremes extremes, int64_t num_most, double eta) {
  const double spread = static_cast<double>(extremes.most) - extremes.least;
  const bool is_mean = (eta < 0 ? -eta : eta) * spread < kMeanBelow;
  const bool from_most = eta >= 0;
  const float base = from_most ? extremes.most : extremes.least;
  double x;
  if (num_most >= 0) {
    const double other = static_cast<double>(from_most ? count - num_most : num_most) / static_cast<double>(count);
    const double difference = from_most ? -spread : spread;
    x = other * (is_mean ? difference : ::expm1(eta * difference));
  } else {
    const F64x4 c = splat4(base), factor = splat4(is_mean ? 1.0 : eta);
    x = is_mean ? mean_over(outcomes, count, base, [&](F64x4 v) { return v - c; })
                : mean_over(outcomes, count, base, [&](F64x4 v) { return expm1_of_negative(factor * (v - c)); });
  }
  const double label = base + (is_mean ? x : ::log1p(x) / eta);
  // Rounding may carry a label out of the range of its outcomes by a last bit.
  return label < extremes.least ? extremes.least : label > extremes.most ? extremes.most : label;
}

}  // namespace

void log_mean_exp(const LogMeanExpBatch& batch, int64_t begin, int64_t end) {
  for (int64_t p = begin; p < end; ++p) {
    const float* outcomes = batch.outcomes + batch.offsets[p];
    const int64_t count = batch.offsets[p + 1] - batch.offsets[p];
    const Extremes extremes = find_extremes(outcomes, count);
    const int64_t num_most = extremes.least == extremes.most ? count : count_most(outcomes, count, extremes);
    for (int64_t e = 0; e < batch.num_etas; ++e) {
      const double label = label_of(outcomes, count, extremes, num_most, batch.etas[e]);
      batch.labels[e * batch.num_segments + p] = static_cast<float>(label);
    }
  }
}

}  // namespace erprm::ERPRM_ISA
