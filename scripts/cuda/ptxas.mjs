/** What ptxas says of kernels (nvcc -Xptxas=-v), as rows of a table. */
import { capture } from "../command.mjs";

/**
 * @typedef {{ kernel: string, card: string, registers: number, stackBytes: number, spillBytes: number, sharedBytes: number }} KernelUse
 * `spillBytes`: of stores and loads together. `sharedBytes`: static ones.
 */

/** @param {string} report @returns {KernelUse[]} `kernel` is the mangled name. */
export function parsePtxas(report) {
  const rows = [];
  let card = "";
  let kernel = "";
  for (const line of report.split("\n")) {
    const entry = /Compiling entry function '(\S+)' for '(sm_\w+)'/.exec(line);
    if (entry) card = entry[2];
    const properties = /Function properties for (\S+)/.exec(line);
    if (properties) kernel = properties[1];
    const stack = /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/.exec(line);
    if (stack) {
      const [stackBytes, stored, loaded] = stack.slice(1).map(Number);
      rows.push({ kernel, card, registers: 0, stackBytes, spillBytes: stored + loaded, sharedBytes: 0 });
    }
    const used = /Used (\d+) registers(?:.*?(\d+) bytes smem)?/.exec(line);
    const last = rows.at(-1);
    if (used && last) {
      last.registers = Number(used[1]);
      last.sharedBytes = Number(used[2] ?? 0);
    }
  }
  return rows;
}

/** "attention_kernel<__nv_bfloat16, 64>" of a demangled name: without namespaces of ours and parameters. */
export function shortName(demangled) {
  const plain = demangled
    .replace(/\(anonymous namespace\)::/g, "")
    .replace(/_GLOBAL__N__\w+?_cu_[0-9a-f]+(?:_\d+)?::/g, "")
    .replace(/erprm::(?:cuda::)?/g, "")
    .replace(/^void /, "");
  let depth = 0;
  for (let i = 0; i < plain.length; i++) {
    if (plain[i] === "<") depth++;
    if (plain[i] === ">") depth--;
    if (plain[i] === "(" && depth === 0) return plain.slice(0, i);
  }
  return plain;
}

/** The names as people wrote them; where there is no c++filt, as they are. */
export function demangle(names) {
  const { status, stdout } = capture("c++filt", [], { input: names.join("\n") });
  return status === 0 ? stdout.trimEnd().split("\n").map(shortName) : names;
}
