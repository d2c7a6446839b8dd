// cuda_memory: device memory by the pointer, for tests and for what lies below torch. No CUDA header is needed. Every
// function that returns an int returns a cudaError_t, 0 for success.
#pragma once

#include <cstddef>

#include "kernels/cuda_stream.h"

namespace erprm::cuda {

int allocate_memory(void** memory, size_t bytes);
int free_memory(void* memory);
// In either direction, between any two of host and device. Waits for what was queued before, and for the copy. Under
// emulation an error when somebody wrote beside an allocation that starts at one of the ends.
int copy_memory(void* to, const void* from, size_t bytes);
// Waits for the stream. Tells of errors of kernels that ran before.
int wait_for(Stream stream);
// How many devices this process can use; 0 without a driver. Under emulation 1.
int num_devices();
// CUDA's words for a status; under emulation what was wrong with the last launch.
const char* error_text(int status);

}  // namespace erprm::cuda
