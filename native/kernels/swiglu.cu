// One thread 16 bytes of the result.
#include "kernels/cuda_transformer.h"
#include "kernels/packed_numbers.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {
namespace {

template <typename T, int N>
__global__ void __launch_bounds__(kBlockThreads) swiglu_kernel(const T* gate_up, T* out, int64_t rows, int width) {
  const int packs = width / N;
  const int64_t number = static_cast<int64_t>(blockIdx.x) * kBlockThreads + threadIdx.x;
  const int64_t row = number / packs;
  if (row >= rows) return;
  const int i = static_cast<int>(number - row * packs) * N;
  const T* gates = gate_up + row * 2 * width + i;
  Numbers<N> gate = load<N>(gates);
  const Numbers<N> up = load<N>(gates + width);
#pragma unroll
  for (int j = 0; j < N; ++j) gate.at[j] = gate.at[j] / (1.0f + expf(-gate.at[j])) * up.at[j];
  store(out + row * width + i, gate);
}

}  // namespace

int swiglu(const SwiGlu& args, Element element, Stream stream) {
  if (args.num_rows == 0) return 0;
  return for_element(element, [&]<typename T>() {
    return for_pack<T>(args.width % kPack<T> == 0 && aligned(args.gate_up, args.out), [&]<int N>() {
      const int64_t threads = static_cast<int64_t>(args.num_rows) * (args.width / N);
      return ERPRM_LAUNCH((swiglu_kernel<T, N>), blocks_for(threads), kBlockThreads, 0, stream,
                          static_cast<const T*>(args.gate_up), static_cast<T*>(args.out), args.num_rows, args.width);
    });
  });
}

}  // namespace erprm::cuda
