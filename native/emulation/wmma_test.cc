#include <string>
#include <vector>

#include "core/testing.h"
#include "emulation/cuda_emulation.h"

#define LAUNCH(...) ::erprm::emulation::launch(#__VA_ARGS__, __VA_ARGS__)

namespace {

using namespace nvcuda::wmma;

// d [m, n] = a [m, 2k] b [2k, n] + c; b column-major.
template <int m, int n, int k>
__global__ void multiply(const __nv_bfloat16* a, const __nv_bfloat16* b, const float* c, float* d) {
  fragment<matrix_a, m, n, k, __nv_bfloat16, row_major> left;
  fragment<matrix_b, m, n, k, __nv_bfloat16, col_major> right;
  fragment<accumulator, m, n, k, float> sum;
  load_matrix_sync(sum, c, n, mem_row_major);
  for (int part = 0; part < 2; ++part) {
    load_matrix_sync(left, a + part * k, 2 * k);
    load_matrix_sync(right, b + part * k, 2 * k);
    mma_sync(sum, left, right, sum);
  }
  for (int i = 0; i < sum.num_elements; ++i) sum.x[i] *= 0.5f;
  store_matrix_sync(d, sum, m, mem_col_major);
}

template <int m, int n, int k>
void check_product() {
  alignas(32) __nv_bfloat16 a[m * 2 * k], b[2 * k * n];
  alignas(32) float c[m * n], d[m * n];
  for (int i = 0; i < m * 2 * k; ++i) a[i] = static_cast<float>(i * 7 % 31 - 15) / 8;
  for (int i = 0; i < 2 * k * n; ++i) b[i] = static_cast<float>(i * 5 % 29 - 14) / 4;
  for (int i = 0; i < m * n; ++i) c[i] = static_cast<float>(i % 17);
  CHECK(LAUNCH(multiply<m, n, k>, dim3(1), dim3(32), 0, nullptr, a, b, c, d) == 0);
  for (int row = 0; row < m; ++row) {
    for (int column = 0; column < n; ++column) {
      float sum = c[row * n + column];
      for (int i = 0; i < 2 * k; ++i) sum += float{a[row * 2 * k + i]} * float{b[column * 2 * k + i]};
      CHECK(d[column * m + row] == sum / 2);
    }
  }
}

TEST("a matrix product of a warp is the plain one, for each of its shapes and layouts") {
  check_product<16, 16, 16>();
  check_product<32, 8, 16>();
  check_product<8, 32, 16>();
}

__global__ void load_apart(const __nv_bfloat16* a, int spread, int shift, int stride) {
  fragment<matrix_a, 16, 16, 16, __nv_bfloat16, row_major> left;
  load_matrix_sync(left, a + threadIdx.x * spread + shift, stride);
}

TEST("loads of a matrix that a card would not take fail the launch") {
  alignas(32) static __nv_bfloat16 a[2048];
  const auto refused = [&](int threads, int spread, int shift, int stride, const char* part) {
    CHECK(LAUNCH(load_apart, dim3(1), dim3(threads), 0, nullptr, a, spread, shift, stride) == cudaErrorLaunchFailure);
    CHECK(std::string(erprm::emulation::last_error()).find(part) != std::string::npos);
  };
  CHECK(LAUNCH(load_apart, dim3(1), dim3(32), 0, nullptr, a, 0, 16, 24) == 0);
  refused(32, 16, 0, 24, "different matrices");
  refused(32, 0, 8, 24, "no multiple of 32 bytes");
  refused(32, 0, 0, 20, "stride 20 is no multiple of 8");
  refused(16, 0, 0, 24, "lanes that the block does not have");
}

TEST("bfloat16 rounds to nearest even, keeps infinities and turns every NaN into one") {
  CHECK(__nv_bfloat16(1.00390625f).bits == 0x3F80);  // half way: to even
  CHECK(__nv_bfloat16(1.01171875f).bits == 0x3F82);
  CHECK(__nv_bfloat16(1.00390637f).bits == 0x3F81);
  CHECK(__nv_bfloat16(-__builtin_inff()).bits == 0xFF80);
  CHECK(__nv_bfloat16(3.4e38f).bits == 0x7F80);
  CHECK(__nv_bfloat16(__builtin_nanf("")).bits == 0x7FFF);
  CHECK(float{__nv_bfloat16(-2.5f)} == -2.5f);
}

}  // namespace
