/** Compiles the native addon and the native tests with cmake-js. */
import { createWriteStream, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { runLines } from "../command.mjs";
import { progressLine, say } from "../progress.mjs";
import { SetupError } from "../setup-error.mjs";
import { unlessUnchanged } from "./stamp.mjs";
import { expectTools, toolchain } from "./toolchain.mjs";

export function addonPath(root) {
  return join(root, "build/Release/erprm.node");
}

export function nativeTestPath(root) {
  return join(root, "build/erprm_native_test");
}

/** Runs one command of cmake-js; its output goes to the log, progress to standard error, the end of it into the error. */
export async function cmakeJs(root, args, log, logPath) {
  const line = progressLine((done, total) => `compiling ${done} of ${total}`);
  const last = [];
  const onLine = (text) => {
    log.write(`${text}\n`);
    last.push(text);
    if (last.length > 40) last.shift();
    const step = /^\[\s*(\d+)\/(\d+)\] (?:Building|Linking)/.exec(text) ?? /^\[\s*(\d+)(%)\]/.exec(text);
    if (step) line.update(Number(step[1]), step[2] === "%" ? 100 : Number(step[2]));
  };
  const program = createRequire(join(root, "package.json")).resolve("cmake-js/bin/cmake-js");
  const status = await runLines(process.execPath, [program, ...args], { cwd: root, onLine });
  line.end();
  if (status !== 0) {
    throw new SetupError(`cmake-js ${args[0]} failed. The whole log is ${logPath}; its end:\n${last.join("\n")}`);
  }
}

/**
 * @param {string} root the package @param {{ root: string, version: string, cuda?: boolean }} libtorch
 * @param {{ architectures?: string }} options CMake's list of cards; those of cmake/cuda.cmake where it is absent
 */
export async function buildAddon(root, libtorch, { architectures } = {}) {
  // Only what CUDA builds compile: the others must not be built anew for it.
  const cards = libtorch.cuda ? architectures : undefined;
  const stamp = {
    file: join(root, "build/.stamp-addon"),
    inputs: ["CMakeLists.txt", "cmake", "native"].map((name) => join(root, name)),
    facts: { libtorch: libtorch.root, version: libtorch.version, compiler: process.env.CXX, cards },
    products: [addonPath(root), nativeTestPath(root)],
  };
  await unlessUnchanged(stamp, async () => {
    expectTools(toolchain());
    mkdirSync(join(root, "build"), { recursive: true });
    const logPath = join(root, "build/setup.log");
    const log = createWriteStream(logPath);
    say("compiling the native addon (a few minutes the first time)");
    // `cmake-js compile` would answer an error in the source with a second build from nothing.
    // Given always: a list that an earlier configuration left in CMake's cache must not stay.
    const options = [`--CDTORCH_ROOT=${libtorch.root}`, `--CDERPRM_CUDA_ARCHITECTURES=${cards ?? ""}`];
    await cmakeJs(root, ["configure", ...options], log, logPath);
    await cmakeJs(root, ["build", "--parallel", String(availableParallelism())], log, logPath);
    log.end();
  });
}
