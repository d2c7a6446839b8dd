import type { DoctorReport } from "./finding.js";
import {
  addonFinding,
  builtinFindings,
  cudaFinding,
  kernelFinding,
  libtorchFinding,
  machineFindings,
  pythonFindings,
  toolFindings,
} from "./findings.js";

/** Looks at this machine and this build. Changes nothing, downloads nothing, and reports instead of throwing. */
export async function runDoctor(): Promise<DoctorReport> {
  const { finding: addon, buildInfo } = addonFinding();
  const isAddonOk = addon.state === "ok";
  const findings = [
    ...(await toolFindings(isAddonOk)),
    await libtorchFinding(isAddonOk),
    addon,
    kernelFinding(buildInfo),
    ...(await builtinFindings()),
    ...machineFindings(),
    await cudaFinding(buildInfo),
    ...(await pythonFindings()),
  ];
  return { ok: findings.every(({ state }) => state !== "error"), findings };
}
