// device_fault: what follows when a device failed (an illegal address, an error of its memory, a launch it refused).
//
// CUDA gives the same error to every later call of the process, so nothing that works there ever works again: whoever
// met a fault refuses further work at once, in the words of the first one.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "ops/accelerator.h"

namespace erprm {

// Whether an exception says that the device failed: an Error of DEVICE_FAULT, or torch's error of an accelerator.
bool is_device_fault(const std::exception_ptr& error);

// What a model remembers. Thread: whichever the model's is.
class DeviceFault {
 public:
  // Throws DEVICE_FAULT once a fault was noted.
  void expect_none() const;
  // Remembers the first one; an error that is no fault is none of its business.
  void note(const std::exception_ptr& error);

  // Runs the work, unless there was a fault, and notes what it throws.
  template <typename Work>
  auto guard(const Work& work) {
    expect_none();
    try {
      return work();
    } catch (...) {
      note(std::current_exception());
      throw;
    }
  }

 private:
  std::optional<std::string> first_;  // its message
};

// Waits for everything that was queued, and tells whether it went well. True of the CPU and of emulated kernels.
bool device_works(const DeviceChoice& choice) noexcept;

// Gives back to the device what torch holds there and does not use, for other models and processes. Nothing to do in
// builds without CUDA.
void return_device_memory() noexcept;

}  // namespace erprm
