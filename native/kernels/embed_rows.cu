// One block a row: its embedding, then the cosines and sines of its angles, in doubles as on the CPU.
#include <algorithm>

#include "kernels/cuda_transformer.h"
#include "kernels/packed_numbers.cuh"
#include "kernels/thread_sums.cuh"

namespace erprm::cuda {
namespace {

constexpr int kMostThreads = 128;

template <typename T, int N>
__global__ void __launch_bounds__(kMostThreads) embed_kernel(EmbedRows args) {
  const int64_t row = blockIdx.x;
  const T* from = static_cast<const T*>(args.table) + static_cast<int64_t>(args.tokens[row]) * args.width;
  float* to = args.residual + row * args.width;
  const int step = static_cast<int>(blockDim.x);
  for (int i = static_cast<int>(threadIdx.x) * N; i < args.width; i += step * N) store(to + i, load<N>(from + i));
  const int half = args.head_size / 2;
  const float position = static_cast<float>(args.positions[row]);
  for (int i = static_cast<int>(threadIdx.x); i < half; i += step) {
    const double angle = __fmul_rn(position, args.inverse_frequencies[i]);
    args.cosines[row * half + i] = static_cast<float>(cos(angle)) * args.rope_scale;
    args.sines[row * half + i] = static_cast<float>(sin(angle)) * args.rope_scale;
  }
}

}  // namespace

int embed_rows(const EmbedRows& args, Element element, Stream stream) {
  if (args.num_rows == 0) return 0;
  return for_element(element, [&]<typename T>() {
    const bool packs = args.width % kPack<T> == 0 && aligned(args.table, args.residual);
    return for_pack<T>(packs, [&]<int N>() {
      const int threads =
          std::clamp((args.width / N + kWarpThreads - 1) / kWarpThreads * kWarpThreads, kWarpThreads, kMostThreads);
      return ERPRM_LAUNCH((embed_kernel<T, N>), args.num_rows, threads, 0, stream, args);
    });
  });
}

}  // namespace erprm::cuda
