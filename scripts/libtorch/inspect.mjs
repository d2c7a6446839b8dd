/** Is this folder a libtorch that we can build with and load? */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { capture } from "../command.mjs";
import { isSupported, readVersion, supportedRange } from "./version.mjs";

/**
 * @typedef {{ root: string, version: string, cuda: boolean }} Libtorch
 * @typedef {{ libtorch: Libtorch } | { problem: string }} Inspection
 */

/**
 * The libraries that the loader would not find for a shared library, by name.
 * @param {string} library
 */
export function missingLibraries(library) {
  const { status, stdout } = capture("ldd", [library]);
  if (status !== 0) return [];
  return [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1]);
}

/**
 * @param {string} root a folder with lib and include: an unpacked official archive, or the `torch` folder of a wheel
 * @param {{ wantCuda?: boolean }} options
 * @returns {Inspection}
 */
export function inspectLibtorch(root, { wantCuda = false } = {}) {
  if (!existsSync(root)) return { problem: `${root} does not exist` };
  if (!existsSync(join(root, "lib/libtorch_cpu.so"))) return { problem: `${root} holds no lib/libtorch_cpu.so` };
  const version = readVersion(root);
  if (version === undefined) {
    return { problem: `${root} holds no include/torch/headeronly/version.h: its headers are missing` };
  }
  if (!isSupported(version)) {
    return { problem: `libtorch in ${root} is version ${version}, expected ${supportedRange}` };
  }
  const cudaLibrary = join(root, "lib/libtorch_cuda.so");
  const cuda = existsSync(cudaLibrary);
  if (wantCuda && !cuda) return { problem: `libtorch ${version} in ${root} is a CPU build, and CUDA was asked for` };
  const missing = missingLibraries(cuda ? cudaLibrary : join(root, "lib/libtorch_cpu.so"));
  if (missing.length > 0) {
    const remedy = cuda
      ? "install NVIDIA's libraries for it (pip install torch brings them), or use a CPU build"
      : "install them with the system's package manager";
    return { problem: `libtorch ${version} in ${root} does not load: ${missing.join(", ")} not found; ${remedy}` };
  }
  return { libtorch: { root, version, cuda } };
}
