#include "binding/js_functions.h"

#include <ATen/Parallel.h>

#include <memory>
#include <optional>
#include <vector>

#include "binding/args.h"
#include "binding/device_thread.h"
#include "binding/js_error.h"
#include "core/error.h"
#include "model/checkpoint.h"
#include "ops/log_mean_exp_op.h"

namespace erprm {
namespace {

// The numbers as a Float32Array of their own. The vector is shared because a std::function must be copyable.
MakeValue float_array(std::vector<float> numbers) {
  return [shared = std::make_shared<const std::vector<float>>(std::move(numbers))](Napi::Env env) -> Napi::Value {
    Napi::Float32Array array = Napi::Float32Array::New(env, shared->size());
    std::copy(shared->begin(), shared->end(), array.Data());
    return array;
  };
}

std::vector<int64_t> read_shape(Napi::Value value) {
  const Napi::Array list = read_list("shape", value);
  std::vector<int64_t> shape;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    shape.push_back(read_integer(concat("shape[", i, "]"), list.Get(i), 1, int64_t{1} << 40));
  }
  return shape;
}

}  // namespace

Napi::Value js_log_mean_exp(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guard_promise(env, [&]() -> Napi::Value {
    // Copies: JavaScript may write to, or give away, its arrays while the device thread reads.
    auto outcomes = copy_array<float>("outcomes", info[0]);
    auto offsets = copy_array<int32_t>("offsets", info[1]);
    auto etas = copy_array<double>("etas", info[2]);
    return DeviceThread::of(env).run(
        env, [outcomes = std::move(outcomes), offsets = std::move(offsets), etas = std::move(etas)] {
          return float_array(log_mean_exp(outcomes, offsets, etas));
        });
  });
}

Napi::Value js_read_tensor(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guard_promise(env, [&]() -> Napi::Value {
    const std::string path = read_string("path", info[0]);
    TensorEntry tensor;
    tensor.name = "tensor";
    const std::optional<TensorType> type = tensor_type_of(read_string("type", info[1]));
    if (!type.has_value()) fail_argument("type", "a tensor type this build reads", info[1]);
    tensor.type = *type;
    tensor.offset = static_cast<uint64_t>(read_integer("offset", info[2], 0, int64_t{1} << 53));
    tensor.shape = read_shape(info[3]);
    tensor.interleaved_heads = static_cast<int>(read_integer("interleavedHeads", info[4], 0, 1 << 20));
    return DeviceThread::of(env).run(env, [path, tensor = std::move(tensor)] {
      const Checkpoint checkpoint({path}, {tensor});
      const int64_t rows = tensor.num_rows(), width = tensor.width();
      std::vector<float> numbers(static_cast<size_t>(rows * width));
      at::parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
        checkpoint.read_rows(tensor.name, begin, end, numbers.data() + begin * width);
      });
      return float_array(std::move(numbers));
    });
  });
}

}  // namespace erprm
