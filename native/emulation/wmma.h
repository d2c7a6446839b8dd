// wmma: CUDA's matrix products of a warp (mma.h) for bfloat16 with float accumulators: 16x16x16, 32x8x16 and 8x32x16.
//
// As on a card, each lane holds some elements of a matrix, which ones is nobody's business, and all lanes of a warp
// must load, multiply and store together, from the same address, aligned to 32 bytes.
#pragma once

#include "emulation/bfloat16.h"
#include "emulation/block.h"

namespace nvcuda::wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
struct col_major {};
enum layout_t { mem_row_major, mem_col_major };

namespace internal {

using erprm::emulation::kLanes;
using erprm::emulation::Place;

template <typename Use, int m, int n, int k>
inline constexpr int kRows = std::is_same_v<Use, matrix_b> ? k : m;
template <typename Use, int m, int n, int k>
inline constexpr int kColumns = std::is_same_v<Use, matrix_a> ? k : n;

// Which element (row-major) of a matrix of `size` the i-th of a lane is: scattered, so that no kernel can rely on it.
constexpr int element(int lane, int i, int size) { return (lane * (size / kLanes) + i) * 37 % size; }

// All lanes bring the same address and stride.
struct Memory {
  const void* at;
  unsigned stride;
};
void same_memory(const void* at, unsigned stride, unsigned stride_multiple, const Place& place);

}  // namespace internal

template <typename Use, int m, int n, int k, typename T, typename Layout = void>
struct fragment {
  static constexpr int rows = internal::kRows<Use, m, n, k>, columns = internal::kColumns<Use, m, n, k>;
  static constexpr int num_elements = rows * columns / internal::kLanes;
  static_assert(m * n == 256 && k == 16, "of bfloat16 there are 16x16x16, 32x8x16 and 8x32x16");
  static_assert(std::is_same_v<T, std::conditional_t<std::is_same_v<Use, accumulator>, float, __nv_bfloat16>>,
                "emulated are bfloat16 factors with float accumulators");
  using element_type = T;
  T x[num_elements];
};

template <typename Use, int m, int n, int k, typename T, typename Layout, typename V>
void fill_fragment(fragment<Use, m, n, k, T, Layout>& f, V value) {
  for (T& x : f.x) x = static_cast<T>(value);
}

namespace internal {

template <typename Fragment, typename Body>
void each_element(Fragment& f, unsigned stride, bool is_row_major, Body body) {
  const int lane = erprm::emulation::running->lane;
  for (int i = 0; i < Fragment::num_elements; ++i) {
    const int e = element(lane, i, Fragment::rows * Fragment::columns);
    const int row = e / Fragment::columns, column = e % Fragment::columns;
    body(f.x[i], is_row_major ? size_t{stride} * row + column : size_t{stride} * column + row);
  }
}

}  // namespace internal

template <typename Use, int m, int n, int k, typename Layout>
void load_matrix_sync(fragment<Use, m, n, k, __nv_bfloat16, Layout>& f, const __nv_bfloat16* at, unsigned stride,
                      internal::Place place = internal::Place::current()) {
  internal::same_memory(at, stride, 8, place);
  internal::each_element(f, stride, std::is_same_v<Layout, row_major>,
                         [at](__nv_bfloat16& x, size_t offset) { x = at[offset]; });
}

template <int m, int n, int k>
void load_matrix_sync(fragment<accumulator, m, n, k, float>& f, const float* at, unsigned stride, layout_t layout,
                      internal::Place place = internal::Place::current()) {
  internal::same_memory(at, stride, 4, place);
  internal::each_element(f, stride, layout == mem_row_major, [at](float& x, size_t offset) { x = at[offset]; });
}

template <int m, int n, int k>
void store_matrix_sync(float* at, const fragment<accumulator, m, n, k, float>& f, unsigned stride, layout_t layout,
                       internal::Place place = internal::Place::current()) {
  internal::same_memory(at, stride, 4, place);
  internal::each_element(f, stride, layout == mem_row_major, [at](const float& x, size_t offset) { at[offset] = x; });
}

namespace internal {

template <typename A, typename B, typename C>
struct Product {
  const A* a;
  const B* b;
  const C* c;
  C* d;

  // parts: a Product of every lane.
  static void run(void* const parts[kLanes]) {
    float a[A::rows * A::columns], b[B::rows * B::columns], d[C::rows * C::columns];
    const auto gather = [&parts](auto member, float* whole, int size) {
      for (int lane = 0; lane < kLanes; ++lane) {
        const auto& x = (static_cast<Product*>(parts[lane])->*member)->x;
        for (int i = 0; i < size / kLanes; ++i) whole[element(lane, i, size)] = static_cast<float>(x[i]);
      }
    };
    gather(&Product::a, a, A::rows * A::columns);
    gather(&Product::b, b, B::rows * B::columns);
    gather(&Product::c, d, C::rows * C::columns);
    for (int row = 0; row < A::rows; ++row) {
      for (int inner = 0; inner < A::columns; ++inner) {
        for (int column = 0; column < B::columns; ++column) {
          d[row * C::columns + column] += a[row * A::columns + inner] * b[inner * B::columns + column];
        }
      }
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      C& out = *static_cast<Product*>(parts[lane])->d;
      for (int i = 0; i < C::num_elements; ++i) out.x[i] = d[element(lane, i, C::rows * C::columns)];
    }
  }
};

}  // namespace internal

// d = a b + c; d may be c.
template <int m, int n, int k, typename LayoutA, typename LayoutB>
void mma_sync(fragment<accumulator, m, n, k, float>& d, const fragment<matrix_a, m, n, k, __nv_bfloat16, LayoutA>& a,
              const fragment<matrix_b, m, n, k, __nv_bfloat16, LayoutB>& b,
              const fragment<accumulator, m, n, k, float>& c, internal::Place place = internal::Place::current()) {
  using Product = internal::Product<std::decay_t<decltype(a)>, std::decay_t<decltype(b)>, std::decay_t<decltype(c)>>;
  Product mine{&a, &b, &c, &d};
  erprm::emulation::warp_operation(0xFFFFFFFFu, &mine, &Product::run, place);
}

}  // namespace nvcuda::wmma
