// cuda_timer: the time that work queued on a stream takes on the device, from CUDA's events. Emulated: the host's
// clock.
//
//   Timer timer;
//   timer.start(stream);  ... launches ...;  const float milliseconds = timer.stop(stream);
#pragma once

#include "kernels/cuda_stream.h"

namespace erprm::cuda {

// Throws DEVICE_FAULT for what CUDA refuses, errors of the timed work included.
class Timer {
 public:
  Timer();
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void start(Stream stream);
  // Waits for the stream.
  float stop(Stream stream);

 private:
  struct Events;
  Events* events_;
};

}  // namespace erprm::cuda
