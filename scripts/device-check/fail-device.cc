// A library whose loading makes CUDA's device 0 fail for the rest of the process: a kernel that writes to an address
// that is nobody's. It needs the driver alone, and says on standard error what came of it.
#include <dlfcn.h>

#include <cstdio>

namespace {

// In the driver's own assembly, which it compiles for the card that is there.
constexpr const char* kKernel = R"(
.version 7.0
.target sm_80
.address_size 64
.visible .entry fail_device() {
  .reg .b64 %address;
  .reg .b32 %value;
  mov.b64 %address, 64;
  mov.b32 %value, 1;
  st.global.b32 [%address], %value;
  ret;
}
)";

void* driver = nullptr;

// A function of the driver that returns its status, 0 where all is well.
template <typename... Arguments>
int call(const char* name, Arguments... arguments) {
  using Function = int (*)(Arguments...);
  const auto function = reinterpret_cast<Function>(dlsym(driver, name));
  if (function == nullptr) {
    std::fprintf(stderr, "fail-device: the driver has no %s\n", name);
    return -1;
  }
  const int status = function(arguments...);
  if (status != 0) std::fprintf(stderr, "fail-device: %s gives %d\n", name, status);
  return status;
}

struct FailDevice {
  FailDevice() {
    driver = dlopen("libcuda.so.1", RTLD_NOW);
    if (driver == nullptr) {
      std::fprintf(stderr, "fail-device: no driver: %s\n", dlerror());
      return;
    }
    int device = 0;
    void *context = nullptr, *module = nullptr, *function = nullptr;
    void** none = nullptr;
    // The context that CUDA's runtime, and so torch, uses in this process.
    const bool queued =
        call("cuInit", 0U) == 0 && call("cuDeviceGet", &device, 0) == 0 &&
        call("cuDevicePrimaryCtxRetain", &context, device) == 0 && call("cuCtxSetCurrent", context) == 0 &&
        call("cuModuleLoadData", &module, static_cast<const void*>(kKernel)) == 0 &&
        call("cuModuleGetFunction", &function, module, "fail_device") == 0 &&
        call("cuLaunchKernel", function, 1U, 1U, 1U, 1U, 1U, 1U, 0U, static_cast<void*>(nullptr), none, none) == 0;
    if (queued && call("cuCtxSynchronize") == 0) std::fprintf(stderr, "fail-device: the device did not fail\n");
  }
};

const FailDevice fail_device;

}  // namespace
