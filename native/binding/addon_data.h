// addon_data: what the addon keeps for one JavaScript environment (the main thread, or a worker).
#pragma once

#include <memory>

#include "binding/device_thread.h"
#include "binding/napi_setup.h"

namespace erprm {

// JS thread only; freed by Node with the environment.
struct AddonData {
  std::unique_ptr<DeviceThread> device_thread;
};

}  // namespace erprm
