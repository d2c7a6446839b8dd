/** Which libtorch we fetch, which we accept, and how a folder tells its version. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What is fetched when the machine has none. */
export const pinnedVersion = "2.13.0";

const oldest = [2, 11];
const newest = [2, 14];
export const supportedRange = `${oldest.join(".")} to ${newest.join(".")}`;

/** `version` such as "2.13.0" or "2.14.1+cu130". */
export function isSupported(version) {
  const match = /^(\d+)\.(\d+)/.exec(version);
  if (!match) return false;
  const minor = Number(match[2]);
  return Number(match[1]) === 2 && minor >= oldest[1] && minor <= newest[1];
}

/** The version that the headers of a libtorch folder state, or undefined. cmake/libtorch.cmake reads the same. */
export function readVersion(root) {
  for (const header of ["headeronly/version.h", "csrc/api/include/torch/version.h"]) {
    const file = join(root, "include/torch", header);
    if (!existsSync(file)) continue;
    const text = readFileSync(file, "utf8");
    const parts = ["MAJOR", "MINOR", "PATCH"].map(
      (part) => new RegExp(`define TORCH_VERSION_${part} (\\d+)`).exec(text)?.[1],
    );
    if (parts.every((part) => part !== undefined)) return parts.join(".");
  }
  return undefined;
}
