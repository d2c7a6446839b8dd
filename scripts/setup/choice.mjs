/** CPU or CUDA, as asked for last: `npm test` after `npm run build -- --cuda` must not build the other one. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** @param {string} root @param {{ cuda?: boolean, cpu?: boolean }} options @returns {boolean} is CUDA wanted? */
export function chooseCuda(root, { cuda = false, cpu = false }) {
  const file = join(root, "build/.device");
  if (!cuda && !cpu) return existsSync(file) && readFileSync(file, "utf8") === "cuda";
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, cuda ? "cuda" : "any");
  return cuda;
}
