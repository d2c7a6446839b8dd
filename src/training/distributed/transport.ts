/**
 * How numbers travel between ranks: by the device that they are on. On the CPU they are summed over TCP in a fixed order
 * (native/train/gradient_sum.h). For CUDA, NCCL would take this place: a communicator made from the same rendezvous, under
 * the same three operations of a trainer (`addGradients`, `shareGradients`, `copyFromFirst`).
 */
import { ErprmError } from "../../errors.js";

/** @throws ERPRM_DEVICE_UNAVAILABLE {wanted, available} for a device over which nothing sums yet */
export function expectTransport(device: string): void {
  if (device === "cpu") return;
  throw new ErprmError(
    "ERPRM_DEVICE_UNAVAILABLE",
    `Expected a training of several processes to be on the cpu, received ${JSON.stringify(device)}: sums over CUDA devices (NCCL) are not there yet`,
    { wanted: device, available: ["cpu"] },
  );
}
