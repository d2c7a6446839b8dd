// pipeline: CUDA's asynchronous copies from global to shared memory (cuda_pipeline_primitives.h). A copy happens when
// it is waited for, not before: a kernel that forgets to wait reads what was there.
#pragma once

#include "emulation/block.h"

namespace erprm::emulation {

void start_copy(void* to, const void* from, size_t bytes, size_t zeros, const Place& place);
void commit_copies();
// Until at most `newest` of the committed batches are left.
void wait_for_copies(unsigned newest);

}  // namespace erprm::emulation

inline void __pipeline_memcpy_async(void* to, const void* from, size_t bytes, size_t zeros = 0,
                                    erprm::emulation::Place place = erprm::emulation::Place::current()) {
  erprm::emulation::start_copy(to, from, bytes, zeros, place);
}
inline void __pipeline_commit() { erprm::emulation::commit_copies(); }
inline void __pipeline_wait_prior(unsigned newest) { erprm::emulation::wait_for_copies(newest); }
