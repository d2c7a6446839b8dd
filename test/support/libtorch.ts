import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The header that states a libtorch's version. */
export function versionHeader(version: string): string {
  const names = ["MAJOR", "MINOR", "PATCH"];
  return version
    .split(".")
    .map((part, i) => `#define TORCH_VERSION_${names[i]} ${part}\n`)
    .join("");
}

/** A folder that looks like a libtorch of this version. Nothing in it can be loaded. */
export function makeLibtorch(root: string, version: string, options: { cuda?: boolean } = {}): string {
  mkdirSync(join(root, "lib"), { recursive: true });
  mkdirSync(join(root, "include/torch/headeronly"), { recursive: true });
  writeFileSync(join(root, "lib/libtorch_cpu.so"), "");
  if (options.cuda) writeFileSync(join(root, "lib/libtorch_cuda.so"), "");
  writeFileSync(join(root, "include/torch/headeronly/version.h"), versionHeader(version));
  return root;
}
