#include <algorithm>
#include <string>
#include <vector>

#include "core/testing.h"
#include "emulation/cuda_emulation.h"

#define LAUNCH(...) ::erprm::emulation::launch(#__VA_ARGS__, __VA_ARGS__)

namespace {

using erprm::emulation::last_error;

bool says(const char* part) { return std::string(last_error()).find(part) != std::string::npos; }

__global__ void write_indices(int* out) {
  const int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] = 1000 * block + thread;
}

TEST("an emulated kernel runs once for every index of a grid and a block of three dimensions") {
  std::vector<int> out(2 * 3 * 2 * 5 * 4 * 3, -1);
  CHECK(LAUNCH(write_indices, dim3(2, 3, 2), dim3(5, 4, 3), 0, nullptr, out.data()) == 0);
  for (int i = 0; i < static_cast<int>(out.size()); ++i) CHECK(out[i] == 1000 * (i / 60) + i % 60);
}

// Sums over a tree in shared memory; without `is_correct` a barrier is missing.
template <int kThreads, bool is_correct>
__global__ void sum_block(const float* x, float* out) {
  __shared__ float part[kThreads];
  part[threadIdx.x] = x[blockIdx.x * kThreads + threadIdx.x];
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (is_correct) __syncthreads();
    if (threadIdx.x < static_cast<unsigned>(half)) part[threadIdx.x] += part[threadIdx.x + half];
  }
  if (threadIdx.x == 0) out[blockIdx.x] = part[0];
}

TEST("threads of an emulated block share memory and meet at barriers; a missing barrier gives a wrong sum") {
  constexpr int kThreads = 256, kBlocks = 7;
  std::vector<float> x(kThreads * kBlocks), out(kBlocks), wrong(kBlocks);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 100);
  CHECK(LAUNCH(sum_block<kThreads, true>, dim3(kBlocks), dim3(kThreads), 0, nullptr, x.data(), out.data()) == 0);
  CHECK(LAUNCH(sum_block<kThreads, false>, dim3(kBlocks), dim3(kThreads), 0, nullptr, x.data(), wrong.data()) == 0);
  for (int block = 0; block < kBlocks; ++block) {
    float expected = 0;
    for (int i = 0; i < kThreads; ++i) expected += x[block * kThreads + i];
    CHECK(out[block] == expected);
    CHECK(wrong[block] != expected);
  }
}

__global__ void leave_early(int threads) {
  if (static_cast<int>(threadIdx.x) >= threads) return;
  __syncthreads();
}

__global__ void two_barriers() {
  if (threadIdx.x % 2 == 0) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

TEST("a barrier that some threads of the block do not reach fails the launch and names the line") {
  CHECK(LAUNCH(leave_early, dim3(1), dim3(64), 0, nullptr, 64) == cudaSuccess);
  CHECK(LAUNCH(leave_early, dim3(3), dim3(64), 0, nullptr, 40) == cudaErrorLaunchFailure);
  CHECK(says("leave_early: block_test.cc:"));
  CHECK(says("24 of 64 threads ended"));
  CHECK(LAUNCH(two_barriers, dim3(1), dim3(64), 0, nullptr) == cudaErrorLaunchFailure);
  CHECK(says("other threads of the block wait at"));
}

__global__ void count_odd(int* out) {
  const int odd = threadIdx.x % 2;
  const int count = __syncthreads_count(odd), some = __syncthreads_or(odd), all = __syncthreads_and(odd);
  out[threadIdx.x] = 100 * count + 10 * some + all;
}

TEST("barriers that vote tell every thread the count, any and all") {
  std::vector<int> out(48);
  CHECK(LAUNCH(count_odd, dim3(1), dim3(48), 0, nullptr, out.data()) == 0);
  for (const int value : out) CHECK(value == 2410);
}

__global__ void fill_shared(float* out, int count) {
  auto* shared = static_cast<float*>(erprm::emulation::dynamic_shared());
  out[threadIdx.x] = shared[threadIdx.x];
  shared[threadIdx.x] = 1;
  if (threadIdx.x == 0) shared[count - 1] = 1;
}

TEST("dynamic shared memory starts as NaN in every block, and a write behind its end fails the launch") {
  std::vector<float> out(32);
  CHECK(LAUNCH(fill_shared, dim3(3), dim3(32), 32 * sizeof(float), nullptr, out.data(), 32) == 0);
  for (const float value : out) CHECK(value != value);
  CHECK(LAUNCH(fill_shared, dim3(1), dim3(32), 32 * sizeof(float), nullptr, out.data(), 34) == cudaErrorLaunchFailure);
  CHECK(says("128 bytes was written at byte 132"));
}

TEST("configurations that no card takes are refused") {
  std::vector<float> out(32);
  float* to = out.data();
  CHECK(LAUNCH(fill_shared, dim3(0), dim3(32), 128, nullptr, to, 32) == cudaErrorInvalidConfiguration);
  CHECK(LAUNCH(fill_shared, dim3(1, 65536), dim3(32), 128, nullptr, to, 32) == cudaErrorInvalidConfiguration);
  CHECK(LAUNCH(fill_shared, dim3(1), dim3(1025), 128, nullptr, to, 32) == cudaErrorInvalidConfiguration);
  CHECK(LAUNCH(fill_shared, dim3(1), dim3(32), 50000, nullptr, to, 32) == cudaErrorInvalidConfiguration);
  CHECK(says("50000 bytes of dynamic shared memory, 49152 are allowed"));
  CHECK(cudaFuncSetAttribute(fill_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 300000) ==
        cudaErrorInvalidValue);
  CHECK(cudaFuncSetAttribute(fill_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 50000) == cudaSuccess);
  CHECK(LAUNCH(fill_shared, dim3(1), dim3(32), 50000, nullptr, to, 32) == cudaSuccess);
}

__global__ void add_all(int* sum, unsigned* most, float* total) {
  atomicAdd(sum, static_cast<int>(threadIdx.x));
  atomicMax(most, threadIdx.x * blockIdx.x);
  atomicAdd(total, 0.5f);
}

TEST("atomics of all threads of all blocks add up") {
  int sum = 0;
  unsigned most = 0;
  float total = 0;
  CHECK(LAUNCH(add_all, dim3(5), dim3(100), 0, nullptr, &sum, &most, &total) == 0);
  CHECK(sum == 5 * 4950 && most == 4 * 99 && total == 250);
}

__global__ void copy_later(const float* x, float* out, bool is_waiting) {
  auto* shared = static_cast<float4*>(erprm::emulation::dynamic_shared());
  const auto* from = reinterpret_cast<const float4*>(x) + threadIdx.x;
  __pipeline_memcpy_async(&shared[threadIdx.x], from, 16, threadIdx.x == 1 ? 8 : 0);
  __pipeline_commit();
  __pipeline_wait_prior(is_waiting ? 0 : 1);
  __syncthreads();
  reinterpret_cast<float4*>(out)[threadIdx.x] = shared[threadIdx.x];
}

TEST("an asynchronous copy is there once it was waited for, and not before") {
  alignas(16) float x[16], out[16];
  for (int i = 0; i < 16; ++i) x[i] = static_cast<float>(i + 1);
  CHECK(LAUNCH(copy_later, dim3(1), dim3(4), 64, nullptr, x, out, true) == 0);
  for (int i = 0; i < 16; ++i) CHECK(out[i] == (i == 6 || i == 7 ? 0 : x[i]));
  CHECK(LAUNCH(copy_later, dim3(1), dim3(4), 64, nullptr, x, out, false) == 0);
  for (const float value : out) CHECK(value != value);
}

// The threads that start early overwrite what those that come late have yet to read, unless they wait for each other.
__global__ void copy_over(const float* x, float* out, bool is_waiting) {
  auto* shared = static_cast<float4*>(erprm::emulation::dynamic_shared());
  shared[threadIdx.x] = {-1, -1, -1, -1};
  __syncthreads();
  const float4 read = shared[(threadIdx.x + 1) % blockDim.x];
  if (is_waiting) __syncthreads();
  __pipeline_memcpy_async(&shared[threadIdx.x], reinterpret_cast<const float4*>(x) + threadIdx.x, 16);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  reinterpret_cast<float4*>(out)[blockIdx.x * blockDim.x + threadIdx.x] = read;
}

TEST("an asynchronous copy may come before others have read what it overwrites") {
  alignas(16) float x[128] = {}, out[256];
  CHECK(LAUNCH(copy_over, dim3(2), dim3(32), 512, nullptr, x, out, true) == 0);
  for (const float value : out) CHECK(value == -1);
  CHECK(LAUNCH(copy_over, dim3(2), dim3(32), 512, nullptr, x, out, false) == 0);
  CHECK(std::any_of(out + 128, out + 256, [](float value) { return value != -1; }));
}

}  // namespace
