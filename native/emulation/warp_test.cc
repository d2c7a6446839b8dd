#include <string>
#include <vector>

#include "core/testing.h"
#include "emulation/cuda_emulation.h"

#define LAUNCH(...) ::erprm::emulation::launch(#__VA_ARGS__, __VA_ARGS__)

namespace {

constexpr unsigned kAll = 0xFFFFFFFFu;

bool says(const char* part) { return std::string(erprm::emulation::last_error()).find(part) != std::string::npos; }

__global__ void shuffle_all(int* out) {
  const int x = static_cast<int>(threadIdx.x) * 10;
  int* mine = out + threadIdx.x * 7;
  mine[0] = __shfl_sync(kAll, x, 5);
  mine[1] = __shfl_sync(kAll, x, 11, 8);
  mine[2] = __shfl_up_sync(kAll, x, 3);
  mine[3] = __shfl_up_sync(kAll, x, 3, 16);
  mine[4] = __shfl_down_sync(kAll, x, 2, 4);
  mine[5] = __shfl_xor_sync(kAll, x, 9);
  mine[6] = __shfl_xor_sync(kAll, x, 8, 8);
}

TEST("shuffles give every lane the value of the lane that CUDA documents, in each warp of a block") {
  std::vector<int> out(96 * 7);
  CHECK(LAUNCH(shuffle_all, dim3(1), dim3(96), 0, nullptr, out.data()) == 0);
  for (int thread = 0; thread < 96; ++thread) {
    const int lane = thread % 32, warp = thread - lane;
    const int expected[] = {5,
                            (lane & ~7) + 3,
                            lane < 3 ? lane : lane - 3,
                            lane % 16 < 3 ? lane : lane - 3,
                            lane % 4 < 2 ? lane + 2 : lane,
                            lane ^ 9,
                            (lane & 8) != 0 ? lane ^ 8 : lane};
    for (int i = 0; i < 7; ++i) CHECK(out[thread * 7 + i] == (warp + expected[i]) * 10);
  }
}

__global__ void vote(unsigned* out) {
  const int lane = threadIdx.x;
  const unsigned mask = lane < 16 ? 0x0000FFFFu : 0xFFFF0000u;
  // Halves of a warp that took different ways.
  if (lane < 16) {
    out[lane] = __ballot_sync(mask, lane % 3 == 0);
  } else {
    out[lane] = __ballot_sync(mask, lane % 2 == 0);
  }
  out[32 + lane] = __any_sync(kAll, lane == 7) * 2 + __all_sync(kAll, lane < 31);
}

TEST("ballots of two halves of a warp do not mix, and any and all tell what the warp said") {
  std::vector<unsigned> out(64);
  CHECK(LAUNCH(vote, dim3(1), dim3(32), 0, nullptr, out.data()) == 0);
  for (int lane = 0; lane < 32; ++lane) {
    CHECK(out[lane] == (lane < 16 ? 0x9249u : 0x55550000u));
    CHECK(out[32 + lane] == 2);
  }
}

__global__ void sum_through_shared(int* out, bool is_synced) {
  __shared__ int values[32];
  const int lane = threadIdx.x;
  values[lane] = lane + 1;
  if (is_synced) __syncwarp();
  out[lane] = values[(lane + 1) % 32] + values[(lane + 31) % 32];
  __syncwarp();
  values[lane] = 0;
}

TEST("lanes see what others wrote after __syncwarp, and without it some do not") {
  std::vector<int> out(32), racing(32);
  CHECK(LAUNCH(sum_through_shared, dim3(1), dim3(32), 0, nullptr, out.data(), true) == 0);
  CHECK(LAUNCH(sum_through_shared, dim3(1), dim3(32), 0, nullptr, racing.data(), false) == 0);
  for (int lane = 0; lane < 32; ++lane) CHECK(out[lane] == (lane + 1) % 32 + 1 + (lane + 31) % 32 + 1);
  CHECK(racing != out);
}

__global__ void shuffle_after_leaving(int* out) {
  if (threadIdx.x >= 20) return;
  out[threadIdx.x] = __shfl_sync(kAll, 1, 0);
}

__global__ void shuffle_from_outside(int* out) {
  if (threadIdx.x < 4) out[threadIdx.x] = __shfl_sync(0xFu, 1, 9);
}

__global__ void shuffle_unlike(int* out) {
  if (threadIdx.x < 16) {
    out[threadIdx.x] = __shfl_sync(kAll, 1, 0);
  } else {
    out[threadIdx.x] = __shfl_xor_sync(kAll, 1, 1);
  }
}

__global__ void not_in_mask(int* out) { out[threadIdx.x] = __shfl_sync(0xFFu, 1, 0); }

TEST("shuffles that a card leaves undefined fail the launch and say why") {
  std::vector<int> out(64);
  CHECK(LAUNCH(shuffle_after_leaving, dim3(1), dim3(32), 0, nullptr, out.data()) == cudaErrorLaunchFailure);
  CHECK(says("waits for lanes 0xfff00000 of its mask 0xffffffff, which have ended"));
  CHECK(LAUNCH(shuffle_from_outside, dim3(1), dim3(32), 0, nullptr, out.data()) == cudaErrorLaunchFailure);
  CHECK(says("from lane 9, which takes no part"));
  CHECK(LAUNCH(shuffle_unlike, dim3(1), dim3(32), 0, nullptr, out.data()) == cudaErrorLaunchFailure);
  CHECK(says("meets lane"));
  CHECK(LAUNCH(not_in_mask, dim3(1), dim3(32), 0, nullptr, out.data()) == cudaErrorLaunchFailure);
  CHECK(says("is not in its own mask 0x000000ff"));
  CHECK(LAUNCH(shuffle_all, dim3(1), dim3(24), 0, nullptr, out.data()) == cudaErrorLaunchFailure);
  CHECK(says("names lanes that the block does not have"));
}

}  // namespace
