/**
 * npm run lint:native: clang-tidy over the native files that include neither torch nor Node (those take over a minute each) nor
 * compiler intrinsics, nor the emulation of CUDA, whose names are CUDA's. Needs a build (for build/compile_commands.json) and clang-tidy 14 or newer.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./setup.mjs";

const native = join(packageRoot, "native");
const heavy = /^#include [<"](ATen|torch|c10|napi|binding|immintrin|emulation)/m;

/** Whether a file, or a header of ours that it includes, includes something heavy. */
function isHeavy(file, seen = new Set()) {
  if (seen.has(file) || !existsSync(file)) return false;
  seen.add(file);
  const text = readFileSync(file, "utf8");
  if (heavy.test(text)) return true;
  const own = [...text.matchAll(/^#include "([^"]+)"/gm)].map(([, path]) => join(native, path));
  return own.some((header) => isHeavy(header, seen));
}

const commands = join(packageRoot, "build", "compile_commands.json");
if (!existsSync(commands)) {
  console.error(`Expected ${commands}, found none. Run: npm run build`);
  process.exit(2);
}
// clang reads no header that GCC precompiled.
const folder = join(packageRoot, "build", "lint");
mkdirSync(folder, { recursive: true });
const withoutPrecompiled = readFileSync(commands, "utf8").replace(/ -Winvalid-pch -include \S*cmake_pch\.hxx/g, "");
writeFileSync(join(folder, "compile_commands.json"), withoutPrecompiled);
const files = readdirSync(native, { recursive: true })
  .filter((name) => name.endsWith(".cc") && !name.endsWith("_simd.cc") && !name.endsWith("_test.cc"))
  .map((name) => join(native, name))
  .filter((file) => !isHeavy(file))
  .sort();
const result = spawnSync("clang-tidy", ["-p", folder, "--quiet", ...files], { encoding: "utf8" });
if (result.error) {
  console.error(`Expected clang-tidy on the path: ${result.error.message}`);
  process.exit(2);
}
if (result.status !== 0) process.stdout.write(result.stdout + result.stderr);
console.log(`clang-tidy: ${files.length} files, ${result.status === 0 ? "no complaints" : "complaints above"}`);
process.exit(result.status === 0 ? 0 : 1);
