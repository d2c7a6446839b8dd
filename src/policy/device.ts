/** Device names: `cpu`, `cuda`, `cuda:1`. */
import { failArgument } from "../check.js";
import { ErprmError } from "../errors.js";

/** @throws ERPRM_INVALID_ARGUMENT for no device name, ERPRM_DEVICE_UNAVAILABLE for a device this build cannot use. */
export function expectDevice(name: string, device: string): void {
  if (device === "cpu") return;
  if (!/^cuda(:\d+)?$/.test(device)) failArgument(name, "cpu, cuda or cuda:INDEX", device);
  throw new ErprmError(
    "ERPRM_DEVICE_UNAVAILABLE",
    `Expected ${name} to be a device of this build (cpu), received ${JSON.stringify(device)}: this version computes on the CPU`,
    { wanted: device, available: ["cpu"] },
  );
}
