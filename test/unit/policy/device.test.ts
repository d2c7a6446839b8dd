import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import { expectDevice, expectDeviceOf, expectWeights, weightsOn } from "../../../src/policy/device.js";

test("a device that is none is refused by its argument's name", async (t) => {
  await expectDevice("device", "cpu");
  await expectDevice("device", "cuda-emulated");
  for (const name of ["", "gpu", "cuda:", "cuda:x", "CUDA", "cuda-emulated:1"]) {
    await t.throwsAsync(expectDevice("--device", name), {
      code: "ERPRM_INVALID_ARGUMENT",
      message: /Expected --device to be cpu, cuda or cuda:INDEX/,
    });
  }
});

test("a card is unavailable in a build without CUDA, and native code's to find in one with it", (t) => {
  for (const device of ["cuda", "cuda:1"]) {
    t.notThrows(() => expectDeviceOf({ cuda: true }, "--device", device));
    const error = t.throws(() => expectDeviceOf({ cuda: false }, "--device", device), { instanceOf: ErprmError });
    t.is(error?.code, "ERPRM_DEVICE_UNAVAILABLE");
    t.deepEqual(error?.details, { wanted: device, available: ["cpu"] });
  }
});

test("weights are exact on the processor and bf16 on CUDA where nobody says, and what a device does not hold is refused", (t) => {
  t.is(weightsOn("cpu", undefined), "f32");
  t.is(weightsOn("cuda:1", undefined), "bf16");
  t.is(weightsOn("cuda", "f32"), "f32");
  t.is(expectWeights("dtype", "cpu", "int8"), "int8");
  t.is(expectWeights("dtype", "cuda", undefined), "bf16");
  t.throws(() => expectWeights("dtype", "cpu", "bf16"), { message: /dtype to be f32 or int8 on cpu, received "bf16"/ });
  t.throws(() => expectWeights("dtype", "cuda", "int8"), {
    message: /dtype to be f32 or bf16 on cuda, received "int8"/,
  });
  t.throws(() => expectWeights("dtype", "cpu", "f16" as "f32"), { message: /one of f32, int8, bf16/ });
});
