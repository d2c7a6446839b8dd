/** Where a model computes: `cpu`, `cuda`, `cuda:1`; or, for tests, `cuda-emulated`: CUDA's kernels on the processor, slow. */
import { expectOneOf, failArgument } from "../check.js";
import { ErprmError } from "../errors.js";
import type { WeightType } from "../native/contract.js";

const emulated = "cuda-emulated";

/** Whether a device needs a build with CUDA. @throws ERPRM_INVALID_ARGUMENT for no device name */
function needsCuda(name: string, device: string): boolean {
  if (device === "cpu" || device === emulated) return false;
  if (!/^cuda(:\d+)?$/.test(device)) failArgument(name, "cpu, cuda or cuda:INDEX", device);
  return true;
}

/**
 * For whoever has the addon loaded; which cards there are is for native code to say.
 * @throws ERPRM_INVALID_ARGUMENT for no device name, ERPRM_DEVICE_UNAVAILABLE for a device this build cannot use.
 */
export function expectDeviceOf({ cuda }: { cuda: boolean }, name: string, device: string): void {
  if (!needsCuda(name, device) || cuda) return;
  throw new ErprmError(
    "ERPRM_DEVICE_UNAVAILABLE",
    `Expected ${name} to be a device of this build (cpu), received ${JSON.stringify(device)}: its libtorch has no CUDA (npm run build -- --cuda takes one that has)`,
    { wanted: device, available: ["cpu"] },
  );
}

/** The same; on the processor the addon is not loaded, so what is wrong with a model is said even where it was not built yet. */
export async function expectDevice(name: string, device: string): Promise<void> {
  if (!needsCuda(name, device)) return;
  const { loadNative } = await import("../native/loader.js");
  expectDeviceOf(loadNative().buildInfo, name, device);
}

export function isAccelerator(device: string): boolean {
  return device !== "cpu";
}

/** How a device holds weights where nobody says: exactly on the processor, as bf16 on CUDA. */
export function weightsOn(device: string, dtype: WeightType | undefined): WeightType {
  return dtype ?? (isAccelerator(device) ? "bf16" : "f32");
}

/** @throws ERPRM_INVALID_ARGUMENT for weights that are none or that the device does not hold */
export function expectWeights(name: string, device: string, dtype: WeightType | undefined): WeightType {
  const held: readonly WeightType[] = isAccelerator(device) ? ["f32", "bf16"] : ["f32", "int8"];
  const weights = weightsOn(device, dtype);
  if (held.includes(weights)) return weights;
  expectOneOf(name, weights, ["f32", "int8", "bf16"]);
  failArgument(name, `${held.join(" or ")} on ${device}`, weights);
}
