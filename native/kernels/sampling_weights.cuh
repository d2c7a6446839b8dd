// The weights of a row of logits, exp((logit - peak) / temperature), and which of them are kept. They are computed anew
// wherever they are needed, with the operations of exp8 (simd.h) on a processor with fused multiply-add, so that they
// are the CPU's bit by bit.
#pragma once

#include <climits>
#include <cstdint>

#include "kernels/cuda_device.h"

namespace erprm::cuda {

// exp(x) for x <= 0, exactly 0 below -87.
__device__ inline float exp_of_negative(float x) {
  if (x < -87.0f) return 0.0f;
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float n = __fsub_rn(__fmaf_rn(x, 1.44269504088896341f, magic), magic);
  float r = __fmaf_rn(-n, 0.693359375f, x);
  r = __fmaf_rn(n, 2.12194440e-4f, r);
  float p = 1.9875691500e-4f;
  p = __fmaf_rn(p, r, 1.3981999507e-3f);
  p = __fmaf_rn(p, r, 8.3334519073e-3f);
  p = __fmaf_rn(p, r, 4.1665795894e-2f);
  p = __fmaf_rn(p, r, 1.6666665459e-1f);
  p = __fmaf_rn(p, r, 5.0000001201e-1f);
  p = __fadd_rn(__fmaf_rn(__fmul_rn(p, r), r, r), 1.0f);
  return __fmul_rn(p, __int_as_float((static_cast<int>(n) + 127) << 23));
}

struct Weights {
  const float* logits;
  int vocabulary;
  float peak;
  float inverse_temperature;
  // Kept are weights whose bits are greater than `threshold` (they are not negative, so their bits are in their order),
  // and those that equal it up to token `last_tie`.
  uint32_t threshold = 0;
  int last_tie = INT_MAX;

  __device__ uint32_t bits(int token) const {
    return __float_as_uint(exp_of_negative(__fmul_rn(__fsub_rn(logits[token], peak), inverse_temperature)));
  }
  __device__ bool keeps(int token, uint32_t weight) const {
    return weight > threshold || (weight == threshold && token <= last_tie);
  }
  // 0 for a token that is not kept or lies behind the vocabulary.
  __device__ float kept(int token) const {
    if (token >= vocabulary) return 0.0f;
    const uint32_t weight = bits(token);
    return keeps(token, weight) ? __uint_as_float(weight) : 0.0f;
  }
};

}  // namespace erprm::cuda
