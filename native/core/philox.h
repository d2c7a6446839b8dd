// Counter-based random numbers: every draw is a pure function of its coordinates, so it does not depend on batch
// neighbours, threads, order or resume.
//
//   key     = (seed, problem)      64 bits, mixed
//   counter = (solution, step, completion, token position)   one 32-bit word each
//
// Source: Philox4x32-10, Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011).
#pragma once

#include <array>
#include <cstdint>

// A function that kernels call too.
#ifdef __CUDACC__
#define ERPRM_HOST_DEVICE __host__ __device__
#else
#define ERPRM_HOST_DEVICE
#endif

namespace erprm {

struct DrawCoordinates {
  uint64_t seed;
  uint64_t problem_key;
  uint32_t solution;
  uint32_t step;
  uint32_t completion;
  uint32_t position;
};

// Philox4x32 with 10 rounds: counter and key -> four independent 32-bit words.
ERPRM_HOST_DEVICE inline std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter,
                                                            std::array<uint32_t, 2> key) {
  constexpr uint32_t kMultiplierA = 0xD2511F53, kMultiplierB = 0xCD9E8D57;
  constexpr uint32_t kWeylA = 0x9E3779B9, kWeylB = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{kMultiplierA} * counter[0];
    const uint64_t b = uint64_t{kMultiplierB} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += kWeylA;
    key[1] += kWeylB;
  }
  return counter;
}

// The finalizer of SplitMix64: a bijection of 64-bit words that spreads every input bit over the whole word.
ERPRM_HOST_DEVICE inline uint64_t mix64(uint64_t word) {
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9ull;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EBull;
  return word ^ (word >> 31);
}

// Uniform in [0, 1), 53 random bits.
ERPRM_HOST_DEVICE inline double uniform(const DrawCoordinates& at) {
  const uint64_t key = mix64(mix64(at.seed + 0x9E3779B97F4A7C15ull) ^ at.problem_key);
  const auto words = philox4x32({at.position, at.completion, at.step, at.solution},
                                {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)});
  const uint64_t bits = (uint64_t{words[0]} << 21) ^ (words[1] >> 11);
  return static_cast<double>(bits & ((uint64_t{1} << 53) - 1)) * 0x1p-53;
}

}  // namespace erprm
