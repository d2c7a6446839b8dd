// context: what every benchmark of a kernel is given: the device, tensors on it, a clock, and the line of a result.
//
// A file of this folder holds  BENCH("name") { context.report(...); }  and needs no registration elsewhere.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "kernels/cuda_element.h"
#include "ops/accelerator.h"

namespace erprm::bench {

// What one launch moves or computes; 0 = not what its time is to be measured by.
struct Work {
  double bytes = 0;
  double operations = 0;  // of f32 or bf16 numbers; a multiply-add is two
};

class Context {
 public:
  // With `toy`, sizes are so small that emulated kernels take no time worth waiting for.
  Context(DeviceChoice choice, bool toy) : choice_(choice), toy_(toy) {}

  bool toy() const { return toy_; }
  template <typename T>
  T size(T real, T small) const {
    return toy_ ? small : real;
  }

  at::Tensor empty(at::IntArrayRef sizes, at::ScalarType type) const;
  // Normal numbers of standard deviation 1.
  at::Tensor random(at::IntArrayRef sizes, at::ScalarType type) const;
  template <typename T>
  at::Tensor upload(const std::vector<T>& values) const {
    return upload_bytes(values.data(), values.size() * sizeof(T));
  }

  // Times `launch` (which queues on current_stream()) after a few unmeasured ones, and prints one line of JSON:
  // {"bench", "case", "runs", "seconds", "low", "high", "bytes", "operations"}, seconds of one launch, their median.
  void report(const std::string& which, const Work& work, const std::function<void()>& launch) const;

  // The same for what the calling thread computes itself, by the clock; with "bytesPerSecond" and
  // "operationsPerSecond".
  void report_host(const std::string& which, const Work& work, const std::function<void()>& body) const;
  bool on_host() const { return choice_.device.is_cpu() && !choice_.emulated; }

  const char* bench = "";

 private:
  std::vector<double> sample(const std::function<double(int launches)>& seconds_of) const;
  at::Tensor upload_bytes(const void* values, size_t bytes) const;

  const DeviceChoice choice_;
  const bool toy_;
};

struct Bench {
  const char* name;
  void (*run)(const Context& context);
};

std::vector<Bench>& benches();

struct Registration {
  Registration(const char* name, void (*run)(const Context&)) { benches().push_back({name, run}); }
};

}  // namespace erprm::bench

#define ERPRM_BENCH_JOIN_(a, b) a##b
#define ERPRM_BENCH_JOIN(a, b) ERPRM_BENCH_JOIN_(a, b)
#define BENCH(name) ERPRM_BENCH_(name, ERPRM_BENCH_JOIN(erprm_bench_, __COUNTER__))
#define ERPRM_BENCH_(name, function)                                                       \
  static void function(const ::erprm::bench::Context& context);                            \
  static const ::erprm::bench::Registration ERPRM_BENCH_JOIN(function, _)(name, function); \
  static void function(const ::erprm::bench::Context& context)
