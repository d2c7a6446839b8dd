#include "ops/accelerator.h"

#include <ATen/Context.h>
#include <ATen/ops/zeros.h>

#include <thread>

#include "core/testing.h"
#include "ops/accelerator_cases.h"

using namespace erprm;

TEST("a device's name says where tensors lie and whose kernels compute") {
  CHECK(!choose_device("device", "cpu").accelerated());
  if (ERPRM_CUDA == 0) {
    const DeviceChoice emulated = choose_device("device", "cuda-emulated");
    CHECK(emulated.emulated && emulated.accelerated() && emulated.device.is_cpu());
    CHECK_THROWS(choose_device("device", "cuda"), "Expected device to be a device of this machine and build (cpu)");
    CHECK_THROWS(choose_device("device", "cuda:3"), "received cuda:3");
    CHECK_THROWS(choose_device("device", "cuda:99999999999"), "received cuda:99999999999");
  } else {
    CHECK_THROWS(choose_device("device", "cuda-emulated"), "received cuda-emulated");
  }
  for (const char* name : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "CUDA", "cuda-emulated:0"}) {
    CHECK_THROWS(choose_device("options.device", name), "Expected options.device to be cpu, cuda or cuda:INDEX");
  }
}

TEST("who chooses an accelerator gets products of bf16 matrices that are summed in f32") {
  if (!testing::has_accelerator()) return;
  at::Context& context = at::globalContext();
  context.setAllowBF16ReductionCuBLAS(true);
  testing::accelerator_choice();
  const auto chosen = context.allowBF16ReductionCuBLAS();
  context.setAllowBF16ReductionCuBLAS(true);
  CHECK(chosen != context.allowBF16ReductionCuBLAS());
  testing::accelerator_choice();
}

TEST("tensors of the host are the accelerator's inside a scope, in its thread alone") {
  const at::Tensor x = at::zeros({2});
  CHECK(!on_accelerator(x));
  {
    const Emulated scope;
    CHECK(on_accelerator(x) == (ERPRM_CUDA == 0));
    const Emulated inner(false);
    CHECK(on_accelerator(x) == (ERPRM_CUDA == 0));
    bool elsewhere = true;
    std::thread([&] { elsewhere = on_accelerator(x); }).join();
    CHECK(!elsewhere);
  }
  CHECK(!on_accelerator(x));
}

TEST("a kernel that cannot be launched is a device's fault that names the operation and its shapes") {
  const at::Tensor x = at::zeros({2, 3}), y = at::zeros({4});
  check_launch(0, "swiglu", {&x});
  CHECK_THROWS(check_launch(9, "swiglu", {&x, &y}), "the kernels of swiglu to be launched for tensors of [2, 3], [4]");
  CHECK_THROWS(check_launch(9, "swiglu", {&x, &y}), "CUDA error 9");
}
