#include "binding/device_options.h"

#include "binding/js_checkpoint.h"
#include "core/error.h"

namespace erprm {

DeviceOptions read_device_options(const Fields& options) {
  DeviceOptions result;
  if (!options.field("device").IsUndefined()) {
    result.device = choose_device(options.path("device"), options.string("device"));
  }
  if (!result.device.accelerated()) {
    result.packed = read_weight_type(options);
    return result;
  }
  const std::string weights = options.string("weights");
  require(weights == "f32" || weights == "bf16", ErrorCode::INVALID_ARGUMENT, "Expected ", options.path("weights"),
          " to be f32 or bf16 on an accelerator, received ", weights);
  result.element = weights == "f32" ? at::kFloat : at::kBFloat16;
  return result;
}

}  // namespace erprm
