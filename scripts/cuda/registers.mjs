/** Registers and spills of all kernels, from what cmake/nvcc.cmake kept of the compilation. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { demangle, parsePtxas } from "./ptxas.mjs";

/** Of the reports in `folder`, by file, name and card. @returns {({ file: string } & import("./ptxas.mjs").KernelUse)[]} */
export function kernelUses(folder) {
  const rows = readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .flatMap((name) =>
      parsePtxas(readFileSync(join(folder, name), "utf8")).map((row) => ({ file: name.replace(/txt$/, "cu"), ...row })),
    );
  const names = demangle(rows.map(({ kernel }) => kernel));
  return rows
    .map((row, i) => ({ ...row, kernel: names[i] }))
    .sort(
      (a, b) =>
        a.file.localeCompare(b.file, "en") ||
        a.kernel.localeCompare(b.kernel, "en") ||
        Number(a.card.slice(3)) - Number(b.card.slice(3)),
    );
}
