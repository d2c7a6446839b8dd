/** What was asked for last stays: `npm test` after `npm run build -- --cuda` must not build the other one. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SetupError } from "../setup-error.mjs";

function keep(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** CPU or CUDA. @param {string} root @param {{ cuda?: boolean, cpu?: boolean }} options @returns {boolean} is CUDA wanted? */
export function chooseCuda(root, { cuda = false, cpu = false }) {
  const file = join(root, "build/.device");
  if (!cuda && !cpu) return existsSync(file) && readFileSync(file, "utf8") === "cuda";
  keep(file, cuda ? "cuda" : "any");
  return cuda;
}

/**
 * The cards to compile kernels for, as CMake's list ("80;90"), or undefined for those of cmake/cuda.cmake.
 * @param {string} root @param {{ cudaArchitectures?: string }} options "90", "80,90", or "all", which takes a choice back
 */
export function chooseArchitectures(root, { cudaArchitectures: asked }) {
  const file = join(root, "build/.cuda-architectures");
  if (asked === undefined) return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (asked === "all") {
    rmSync(file, { force: true });
    return undefined;
  }
  if (!/^\d{2,3}[af]?(,\d{2,3}[af]?)*$/.test(asked)) {
    throw new SetupError(
      `Expected --cuda-architectures to be all or numbers such as 90 or 80,90, received ${asked}`,
      2,
    );
  }
  const list = asked.replaceAll(",", ";");
  keep(file, list);
  return list;
}
