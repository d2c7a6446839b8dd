// SwiGLU and the rotation of heads by their positions: each thread computes what it reads.
#include "kernels/cuda_training.h"
#include "kernels/packed_numbers.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {
namespace {

// 1 / (1 + exp(-x)) from exp(-|x|), which does not overflow.
__device__ inline float open_gate(float x) {
  const float shrunk = expf(-fabsf(x));
  return (x >= 0 ? 1.0f : shrunk) / (1.0f + shrunk);
}

template <typename T, int N>
__global__ void __launch_bounds__(kBlockThreads) swiglu_kernel(const T* gate, const T* up, int64_t count, T* y) {
  const int64_t i = (static_cast<int64_t>(blockIdx.x) * kBlockThreads + threadIdx.x) * N;
  if (i >= count) return;
  Numbers<N> g = load<N>(gate + i);
  const Numbers<N> u = load<N>(up + i);
#pragma unroll
  for (int j = 0; j < N; ++j) g.at[j] = g.at[j] * open_gate(g.at[j]) * u.at[j];
  store(y + i, g);
}

template <typename T, int N>
__global__ void __launch_bounds__(kBlockThreads)
    swiglu_backward_kernel(const T* dy, const T* gate, const T* up, int64_t count, T* dgate, T* dup) {
  const int64_t i = (static_cast<int64_t>(blockIdx.x) * kBlockThreads + threadIdx.x) * N;
  if (i >= count) return;
  const Numbers<N> d = load<N>(dy + i), g = load<N>(gate + i), u = load<N>(up + i);
  Numbers<N> to_gate, to_up;
#pragma unroll
  for (int j = 0; j < N; ++j) {
    const float open = open_gate(g.at[j]), silu = g.at[j] * open;
    to_up.at[j] = d.at[j] * silu;
    to_gate.at[j] = d.at[j] * u.at[j] * (open + silu * (1.0f - open));
  }
  store(dup + i, to_up);
  store(dgate + i, to_gate);
}

// A thread has N neighbouring pairs of one head.
template <typename T, int N>
__global__ void __launch_bounds__(kBlockThreads)
    rotate_kernel(T* x, int64_t pairs, int heads, int half, const float* cosines, const float* sines, float sign) {
  const int64_t pair = (static_cast<int64_t>(blockIdx.x) * kBlockThreads + threadIdx.x) * N;
  if (pair >= pairs) return;
  const int64_t head = pair / half, row = head / heads;
  const int place = static_cast<int>(pair - head * half);
  T* first = x + head * 2 * half + place;
  T* second = first + half;
  Numbers<N> a = load<N>(first), b = load<N>(second);
  const Numbers<N> c = load<N>(cosines + row * half + place), s = load<N>(sines + row * half + place);
#pragma unroll
  for (int j = 0; j < N; ++j) {
    const float sine = s.at[j] * sign, turned = a.at[j] * c.at[j] - b.at[j] * sine;
    b.at[j] = b.at[j] * c.at[j] + a.at[j] * sine;
    a.at[j] = turned;
  }
  store(first, a);
  store(second, b);
}

}  // namespace

int training_swiglu(const void* gate, const void* up, int64_t count, void* y, Element element, Stream stream) {
  if (count == 0) return 0;
  return for_element(element, [&]<typename T>() {
    return for_pack<T>(count % kPack<T> == 0 && aligned(gate, up, y), [&]<int N>() {
      return ERPRM_LAUNCH((swiglu_kernel<T, N>), blocks_for(count / N), kBlockThreads, 0, stream,
                          static_cast<const T*>(gate), static_cast<const T*>(up), count, static_cast<T*>(y));
    });
  });
}

int training_swiglu_backward(const void* dy, const void* gate, const void* up, int64_t count, void* dgate, void* dup,
                             Element element, Stream stream) {
  if (count == 0) return 0;
  return for_element(element, [&]<typename T>() {
    return for_pack<T>(count % kPack<T> == 0 && aligned(dy, gate, up, dgate, dup), [&]<int N>() {
      return ERPRM_LAUNCH((swiglu_backward_kernel<T, N>), blocks_for(count / N), kBlockThreads, 0, stream,
                          static_cast<const T*>(dy), static_cast<const T*>(gate), static_cast<const T*>(up), count,
                          static_cast<T*>(dgate), static_cast<T*>(dup));
    });
  });
}

int training_rotate(void* x, int64_t rows, int heads, int half, const float* cosines, const float* sines, bool inverse,
                    Element element, Stream stream) {
  const int64_t pairs = rows * heads * half;
  if (pairs == 0) return 0;
  return for_element(element, [&]<typename T>() {
    return for_pack<T>(half % kPack<T> == 0 && aligned(x, cosines, sines), [&]<int N>() {
      return ERPRM_LAUNCH((rotate_kernel<T, N>), blocks_for(pairs / N), kBlockThreads, 0, stream, static_cast<T*>(x),
                          pairs, heads, half, cosines, sines, inverse ? -1.0f : 1.0f);
    });
  });
}

}  // namespace erprm::cuda
