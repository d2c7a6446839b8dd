#include "emulation/runtime.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

namespace {

constexpr size_t kBeside = 256;  // bytes before and behind every allocation that nobody may write; CUDA's alignment too
constexpr unsigned char kPoison = 0xFF;

std::mutex mutex;
std::map<const void*, size_t> allocated;

bool is_intact(const void* memory, size_t bytes) {
  const auto is_poison = [](const unsigned char* at) {
    return std::all_of(at, at + kBeside, [](unsigned char byte) { return byte == kPoison; });
  };
  const auto* at = static_cast<const unsigned char*>(memory);
  return is_poison(at - kBeside) && is_poison(at + bytes);
}

// Whether nobody wrote beside the allocation that starts there, if one does.
bool is_intact(const void* memory) {
  const std::lock_guard lock(mutex);
  const auto found = allocated.find(memory);
  return found == allocated.end() || is_intact(memory, found->second);
}

}  // namespace

// Every failure was returned by the call that it befell.
cudaError_t cudaGetLastError() { return cudaSuccess; }

const char* cudaGetErrorString(cudaError_t status) {
  switch (status) {
    case cudaSuccess:
      return "no error";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorIllegalAddress:
      return "memory beside an allocation was written";
    case cudaErrorInvalidConfiguration:
    case cudaErrorLaunchFailure:
      return erprm::emulation::last_error();
    default:
      return "invalid argument";
  }
}

cudaError_t cudaMalloc(void** memory, size_t bytes) {
  const size_t size = (bytes + kBeside - 1) / kBeside * kBeside + 2 * kBeside;
  auto* whole = static_cast<unsigned char*>(std::aligned_alloc(kBeside, size));
  if (whole == nullptr) return cudaErrorMemoryAllocation;
  std::memset(whole, kPoison, size);
  *memory = whole + kBeside;
  const std::lock_guard lock(mutex);
  allocated[*memory] = bytes;
  return cudaSuccess;
}

cudaError_t cudaFree(void* memory) {
  if (memory == nullptr) return cudaSuccess;
  const std::lock_guard lock(mutex);
  const auto found = allocated.find(memory);
  if (found == allocated.end()) return cudaErrorInvalidValue;
  const bool intact = is_intact(memory, found->second);
  allocated.erase(found);
  std::free(static_cast<unsigned char*>(memory) - kBeside);
  return intact ? cudaSuccess : cudaErrorIllegalAddress;
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind) {
  if (bytes > 0) std::memmove(to, from, bytes);
  return is_intact(from) && is_intact(to) ? cudaSuccess : cudaErrorIllegalAddress;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }

struct CUevent_st {
  std::chrono::steady_clock::time_point at;
};

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  *event = new CUevent_st;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
  event->at = std::chrono::steady_clock::now();
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t stop) {
  *milliseconds = std::chrono::duration<float, std::milli>(stop->at - start->at).count();
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  if (attribute != cudaDevAttrMultiProcessorCount) return cudaErrorInvalidValue;
  *value = 4;
  return cudaSuccess;
}
