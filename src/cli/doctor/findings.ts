/** One function for each thing the doctor looks at. None of them throws. */
import { execFile } from "node:child_process";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { promisify } from "node:util";
import { ErprmError } from "../../errors.js";
import { builtinModels } from "../../model/builtin.js";
import { openModel } from "../../model/open-model.js";
import type { BuildInfo } from "../../native/contract.js";
import { loadNativeFrom, nativeAddonPath } from "../../native/loader.js";
import type { Finding } from "./finding.js";
import { findTools, searchLibtorch, type Tool } from "./setup-scripts.js";

const run = promisify(execFile);

/** The first line a program prints, or undefined when it cannot be run. */
async function firstLine(command: string, args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, args, { timeout: 20_000 });
    return stdout.trim().split("\n")[0];
  } catch {
    return undefined;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Node must fit; what only the build needs is a warning once there is a working addon. */
export async function toolFindings(isAddonOk: boolean): Promise<Finding[]> {
  const toFinding = ({ name, found, problem, remedy }: Tool): Finding => {
    if (problem === undefined) return { name, state: "ok", message: found ?? "found" };
    const state = isAddonOk && name !== "node" ? "warning" : "error";
    return { name, state, message: problem, ...(remedy === undefined ? {} : { remedy }) };
  };
  try {
    return (await findTools()).map(toFinding);
  } catch (error) {
    return [{ name: "set-up scripts", state: "warning", message: messageOf(error), remedy: "install erprm again" }];
  }
}

export async function libtorchFinding(isAddonOk: boolean): Promise<Finding> {
  const state = isAddonOk ? "warning" : "error";
  try {
    const { libtorch, attempts } = await searchLibtorch();
    if (libtorch) {
      const { version, cuda, root, source } = libtorch;
      return {
        name: "libtorch",
        state: "ok",
        message: `${version}, ${cuda ? "CUDA" : "CPU"} build, from ${source}: ${root}`,
      };
    }
    const looked = attempts.map(({ source, problem }) => `${source}: ${problem}`).join("; ");
    return { name: "libtorch", state, message: `none found (${looked})`, remedy: "npm run build fetches one" };
  } catch (error) {
    return { name: "libtorch", state, message: messageOf(error), remedy: "mend or unset the variable" };
  }
}

/** The compiler tells its version, GCC without its name. */
export function compilerName(version: string): string {
  return /^\d/.test(version) ? `g++ ${version}` : version;
}

/** Loads the addon; `buildInfo` is there when that worked. */
export function addonFinding(path = nativeAddonPath): { finding: Finding; buildInfo?: BuildInfo } {
  try {
    const { buildInfo } = loadNativeFrom(path);
    const { libtorch, compiler, cuda } = buildInfo;
    const message = `built with libtorch ${libtorch} (${cuda ? "CUDA" : "CPU"}), ${compilerName(compiler)}`;
    return { finding: { name: "addon", state: "ok", message }, buildInfo };
  } catch (error) {
    const command = error instanceof ErprmError ? String(error.details.command) : "npm run build";
    return { finding: { name: "addon", state: "error", message: messageOf(error), remedy: command } };
  }
}

export function kernelFinding(buildInfo: BuildInfo | undefined): Finding {
  if (!buildInfo) {
    return { name: "kernels", state: "warning", message: "unknown without the addon", remedy: "build the addon" };
  }
  if (buildInfo.kernels !== "generic") return { name: "kernels", state: "ok", message: buildInfo.kernels };
  const message = "generic: this processor has no AVX2, so everything is slower";
  return { name: "kernels", state: "warning", message, remedy: "run on a processor with AVX2" };
}

export function machineFindings(): Finding[] {
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return [
    { name: "cores", state: "ok", message: `${availableParallelism()} usable (${model})` },
    { name: "memory", state: "ok", message: `${gib(freemem())} free of ${gib(totalmem())}` },
  ];
}

/** A GPU that the build cannot use is worth a word; no GPU is not. */
export async function cudaFinding(buildInfo: BuildInfo | undefined): Promise<Finding> {
  const name = "cuda";
  const device = await firstLine("nvidia-smi", [
    "--query-gpu=name,memory.total,driver_version",
    "--format=csv,noheader",
  ]);
  const isCudaBuild = buildInfo?.cuda === true;
  if (device === undefined) {
    if (!isCudaBuild) {
      return { name, state: "ok", message: "a CPU build, and no NVIDIA device: --device cpu" };
    }
    const remedy = "install NVIDIA's driver, or build with a CPU libtorch";
    return { name, state: "warning", message: "a CUDA build, but no NVIDIA device or driver", remedy };
  }
  if (isCudaBuild) return { name, state: "ok", message: `a CUDA build: --device cuda is ${device}` };
  return {
    name,
    state: "warning",
    message: `${device}, but the addon is a CPU build`,
    remedy: "npm run build -- --cuda",
  };
}

/** The models that ship with the package open without the addon. */
export async function builtinFindings(): Promise<Finding[]> {
  return Promise.all(
    builtinModels.map(async (model): Promise<Finding> => {
      const name = `builtin:${model}`;
      try {
        const { path } = await openModel(name);
        return { name, state: "ok", message: path };
      } catch (error) {
        return { name, state: "warning", message: messageOf(error), remedy: "install erprm again" };
      }
    }),
  );
}

/** Python is a convenience: it brings libtorch, and models for a first use. */
export async function pythonFindings(): Promise<Finding[]> {
  const tools: [string, string[], string][] = [
    ["python3", ["--version"], "apt-get install python3"],
    ["pip", ["-m", "pip", "--version"], "apt-get install python3-pip"],
  ];
  return Promise.all(
    tools.map(async ([name, args, remedy]): Promise<Finding> => {
      const line = await firstLine("python3", args);
      if (line === undefined) {
        return { name, state: "warning", message: `no ${name}: libtorch is then fetched over HTTPS`, remedy };
      }
      return { name, state: "ok", message: line };
    }),
  );
}
