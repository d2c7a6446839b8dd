#include "emulation/wmma.h"

namespace nvcuda::wmma::internal {

void same_memory(const void* at, unsigned stride, unsigned stride_multiple, const Place& place) {
  Memory mine{at, stride};
  const auto action = [](void* const parts[kLanes]) {
    const Memory first = *static_cast<Memory*>(parts[0]);
    for (int lane = 1; lane < kLanes; ++lane) {
      auto& other = *static_cast<Memory*>(parts[lane]);
      if (other.at != first.at || other.stride != first.stride) static_cast<Memory*>(parts[0])->at = nullptr;
    }
    for (int lane = 1; lane < kLanes; ++lane) *static_cast<Memory*>(parts[lane]) = *static_cast<Memory*>(parts[0]);
  };
  erprm::emulation::warp_operation(0xFFFFFFFFu, &mine, action, place);
  if (mine.at == nullptr) erprm::emulation::fail("the lanes of a warp load or store different matrices", place);
  if (reinterpret_cast<uintptr_t>(at) % 32 != 0 || stride % stride_multiple != 0) {
    erprm::emulation::fail("a matrix lies at an address that is no multiple of 32 bytes, or its stride " +
                               std::to_string(stride) + " is no multiple of " + std::to_string(stride_multiple),
                           place);
  }
}

}  // namespace nvcuda::wmma::internal
