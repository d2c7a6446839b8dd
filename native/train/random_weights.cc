#include "train/random_weights.h"

#include <cmath>
#include <numbers>

#include "core/parallel.h"
#include "core/philox.h"

namespace erprm {
namespace {

uint64_t key_of(std::string_view name) {
  uint64_t key = 0;
  for (const char c : name) key = mix64(key ^ static_cast<unsigned char>(c));
  return key;
}

// Two independent uniforms for element i.
double draw(uint64_t seed, uint64_t key, int64_t i, uint32_t which) {
  return uniform({seed, key, static_cast<uint32_t>(i >> 32), 0, which, static_cast<uint32_t>(i)});
}

}  // namespace

void fill_normal(const at::Tensor& out, uint64_t seed, std::string_view name, double deviation) {
  float* data = out.data_ptr<float>();
  const uint64_t key = key_of(name);
  parallel_for(0, out.numel(), 4096, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      // Box and Muller; 1 - u lies in (0, 1], so the logarithm is finite.
      const double radius = std::sqrt(-2 * std::log(1 - draw(seed, key, i, 0)));
      const double angle = 2 * std::numbers::pi * draw(seed, key, i, 1);
      data[i] = static_cast<float>(deviation * radius * std::cos(angle));
    }
  });
}

void fill_uniform(const at::Tensor& out, uint64_t seed, std::string_view name, double bound) {
  float* data = out.data_ptr<float>();
  const uint64_t key = key_of(name);
  parallel_for(0, out.numel(), 4096, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      data[i] = static_cast<float>(bound * (2 * draw(seed, key, i, 0) - 1));
    }
  });
}

}  // namespace erprm
