#include "emulation/launch.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <numeric>
#include <string>

#include "core/error.h"
#include "emulation/block_runner.h"

namespace erprm::emulation {

namespace {

// Limits of compute capability 8.0 to 10.0; of the shared memory, the least of them (8.0).
constexpr unsigned kMostThreads = 1024, kMostBlocksYz = 65535;
constexpr size_t kUsualShared = 48 << 10, kMostShared = 163 << 10;

std::mutex one_launch;
std::string error;
std::map<const void*, size_t> allowed;

// "kernel<float, 4>" of the arguments of ERPRM_LAUNCH.
std::string kernel_name(const char* text) {
  int depth = 0;
  size_t end = 0;
  for (; text[end] != '\0' && !(text[end] == ',' && depth == 0); ++end) {
    if (std::strchr("<(", text[end])) ++depth;
    if (std::strchr(">)", text[end])) --depth;
  }
  return std::string(text, end);
}

cudaError_t report(cudaError_t status, const char* text, const std::string& what) {
  error = kernel_name(text) + ": " + what;
  return status;
}

std::string triple(unsigned x, unsigned y, unsigned z) { return concat("(", x, ", ", y, ", ", z, ")"); }

// "" for a configuration that a card takes.
std::string refusal(const void* kernel, dim3 grid, dim3 block, size_t shared_bytes) {
  const uint64_t threads = uint64_t{block.x} * block.y * block.z;
  if (threads == 0 || threads > kMostThreads || block.z > 64) {
    return "a block of " + triple(block.x, block.y, block.z) + " threads";
  }
  if (uint64_t{grid.x} * grid.y * grid.z == 0 || grid.x > 0x7FFFFFFFu || grid.y > kMostBlocksYz ||
      grid.z > kMostBlocksYz) {
    return "a grid of " + triple(grid.x, grid.y, grid.z) + " blocks";
  }
  const auto raised = allowed.find(kernel);
  const size_t limit = raised == allowed.end() ? kUsualShared : std::max(kUsualShared, raised->second);
  if (shared_bytes > limit) {
    return concat(shared_bytes, " bytes of dynamic shared memory, ", limit, " are allowed");
  }
  return "";
}

}  // namespace

const char* last_error() { return error.c_str(); }

bool allow_shared(const void* kernel, size_t bytes) {
  if (bytes > kMostShared) return false;
  const std::lock_guard lock(one_launch);
  allowed[kernel] = bytes;
  return true;
}

cudaError_t run_grid(const void* kernel, const char* text, dim3 grid, dim3 block, size_t shared_bytes,
                     void (*thread)(void*), void* arguments) {
  const std::lock_guard lock(one_launch);
  const std::string refused = refusal(kernel, grid, block, shared_bytes);
  if (!refused.empty()) return report(cudaErrorInvalidConfiguration, text, refused);
  gridDim = grid;
  blockDim = block;
  BlockRunner runner(block, shared_bytes);
  const uint64_t blocks = uint64_t{grid.x} * grid.y * grid.z;
  // Blocks run in no order on a card: here neither first to last.
  uint64_t stride = blocks / 2 + 1;
  while (std::gcd(stride, blocks) != 1) ++stride;
  for (uint64_t i = 0, n = blocks / 3; i < blocks; ++i, n = (n + stride) % blocks) {
    blockIdx = {static_cast<unsigned>(n % grid.x), static_cast<unsigned>(n / grid.x % grid.y),
                static_cast<unsigned>(n / (uint64_t{grid.x} * grid.y))};
    const std::string what = runner.run(n, thread, arguments);
    if (!what.empty()) {
      return report(cudaErrorLaunchFailure, text, what + ", block " + triple(blockIdx.x, blockIdx.y, blockIdx.z));
    }
  }
  return cudaSuccess;
}

}  // namespace erprm::emulation
