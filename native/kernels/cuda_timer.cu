#include "core/error.h"
#include "kernels/cuda_device.h"
#include "kernels/cuda_timer.h"

namespace erprm::cuda {

namespace {

void expect(cudaError_t status) {
  require(status == cudaSuccess, ErrorCode::DEVICE_FAULT, "Expected the timed work to succeed, received CUDA error ",
          static_cast<int>(status), ": ", cudaGetErrorString(status));
}

}  // namespace

struct Timer::Events {
  cudaEvent_t start, stop;
};

Timer::Timer() : events_(new Events) {
  expect(cudaEventCreate(&events_->start));
  expect(cudaEventCreate(&events_->stop));
}

Timer::~Timer() {
  static_cast<void>(cudaEventDestroy(events_->start));
  static_cast<void>(cudaEventDestroy(events_->stop));
  delete events_;
}

void Timer::start(Stream stream) { expect(cudaEventRecord(events_->start, stream)); }

float Timer::stop(Stream stream) {
  expect(cudaEventRecord(events_->stop, stream));
  expect(cudaEventSynchronize(events_->stop));
  float milliseconds = 0;
  expect(cudaEventElapsedTime(&milliseconds, events_->start, events_->stop));
  return milliseconds;
}

}  // namespace erprm::cuda
