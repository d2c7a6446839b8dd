// AcceleratorStream: an accelerator as one model uses it: the device and a stream of its own, on which work is queued
// in order. Of emulated kernels, which run at once, only that they are used.
//
//   const AcceleratorStream stream(choose_device("options.device", "cuda"));
//   const AcceleratorStream::Use use(stream);   // torch and current_stream() queue there while it lives
//   ...
//   stream.synchronize();
// Thread: device thread only.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Stream.h>
#include <c10/core/StreamGuard.h>

#include <cstdint>
#include <optional>

#include "ops/accelerator.h"

namespace erprm {

class AcceleratorStream {
 public:
  // REQUIRES: choice.accelerated().
  explicit AcceleratorStream(DeviceChoice choice);

  class Use {
   public:
    explicit Use(const AcceleratorStream& stream);

   private:
    const Emulated emulated_;
    c10::OptionalStreamGuard guard_;  // of the device too
  };

  const DeviceChoice& choice() const { return choice_; }
  at::Device device() const { return choice_.device; }
  bool emulated() const { return choice_.emulated; }

  // Waits until all that was queued is done. Throws (c10::AcceleratorError) for what went wrong on the device.
  void synchronize() const;

  // Bytes that could be allocated now, beyond what torch holds and does not use; emulated: a fixed small number.
  int64_t free_bytes() const;

  // An uninitialised tensor on the host from which, and to which, copies run beside the host's work.
  at::Tensor host_empty(at::IntArrayRef sizes, at::ScalarType type) const;
  // Frees such a tensor; where the device failed it is left alone, as freeing it would end the process: torch asks
  // the device whether copies still use it, in a destructor. Waits for the device.
  void free_host(at::Tensor host) const noexcept;
  // The same on the device.
  at::Tensor empty(at::IntArrayRef sizes, at::ScalarType type) const;

 private:
  DeviceChoice choice_;
  std::optional<c10::Stream> stream_;
};

}  // namespace erprm
