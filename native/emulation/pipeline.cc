#include "emulation/pipeline.h"

#include <cstring>

namespace erprm::emulation {
namespace {

void run(const Thread::Copy& copy) {
  auto* to = static_cast<unsigned char*>(copy.to);
  std::memcpy(to, copy.from, copy.bytes - copy.zeros);
  std::memset(to + copy.bytes - copy.zeros, 0, copy.zeros);
}

}  // namespace

void start_copy(void* to, const void* from, size_t bytes, size_t zeros, const Place& place) {
  const auto is_aligned = [&](const void* at) { return reinterpret_cast<uintptr_t>(at) % bytes == 0; };
  if ((bytes != 4 && bytes != 8 && bytes != 16) || zeros > bytes || !is_aligned(to) || !is_aligned(from)) {
    fail("an asynchronous copy takes 4, 8 or 16 bytes between addresses aligned to as many", place);
  }
  const Thread::Copy copy{to, from, bytes, zeros, running->batches};
  if (blockIdx.x % 2 == 1) {
    run(copy);
  } else {
    running->copies.push_back(copy);
  }
}

void commit_copies() { ++running->batches; }

void wait_for_copies(unsigned newest) {
  std::vector<Thread::Copy>& copies = running->copies;
  size_t done = 0;
  for (; done < copies.size() && copies[done].batch < running->batches - static_cast<int>(newest); ++done) {
    run(copies[done]);
  }
  copies.erase(copies.begin(), copies.begin() + static_cast<std::ptrdiff_t>(done));
}

}  // namespace erprm::emulation
