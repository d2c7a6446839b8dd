/** The library's tests on the device, a process for each file: those that name it, and others whose models are moved there. */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { tapCounter } from "../tap.mjs";
import { StageFailure } from "./command.mjs";
import { onDevice, toldTests } from "./native-tests.mjs";

/** Those that take the device from test/support/accelerator.ts. */
function testFiles(root) {
  return readdirSync(join(root, "dist/test"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(accelerator|cuda).*\.test\.js$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** Totals of ava's TAP lines. @param {{ status: number, lines: string[] }} ended */
export function countLibrary({ status, lines }) {
  const printed = [];
  const counter = tapCounter((line) => printed.push(line));
  for (const line of lines) counter.onLine(line);
  const { passed, failed } = counter.end(status);
  const isFailure = (line) => line.startsWith("not ok");
  return { passed, failed, failures: failed > 0 ? [...printed.filter(isFailure), ...printed].slice(0, 100) : [] };
}

const part = (file, seconds, more = {}) => ({
  name: file,
  seconds,
  async run({ device, run }) {
    const args = ["node_modules/ava/entrypoints/cli.mjs", "--tap", "--serial", "--concurrency=1", file];
    const env = { ...onDevice(device), ...more, ERPRM_QUIET: "1" };
    return toldTests(countLibrary(await run(process.execPath, args, { env })));
  },
});

export const libraryTests = {
  name: "library-tests",
  seconds: 400,
  parts({ root }) {
    const files = testFiles(root);
    if (files.length === 0)
      throw new StageFailure("no test of dist/test has `accelerator` or `cuda` in its file's name");
    return files.map((file) => part(file, 150));
  },
};

/** The first is the quickest: that one alone runs on emulated kernels. */
const moved = [
  ...["unit/service/completions/events", "stages/score", "stages/evaluate", "stages/stages", "stages/label"],
  ...["stages/train", "stages/command-line", "stages/search", "stages/finetune", "contract/serve"],
  ...["unit/cli/serve/serve", "unit/cli/worker/queued-label", "unit/service/completions/streaming"],
  ...["unit/service/routes/completions", "native/training-lifetimes", "native/lifetimes"],
  "native/reward-model-lifetimes",
].map((name) => `dist/test/${name}.test.js`);

/**
 * Tests of whole commands, of services, queues and lifetimes as they are: a module that every process of theirs loads first moves the
 * models (test/support/on-device.ts). Left out are files without a model, and those of what holds on the processor alone: the same bits
 * whatever the batch, int8, its memory and its messages.
 */
export const movedTests = {
  name: "moved-tests",
  seconds: 600,
  parts({ root, device }) {
    const preload = `--import ${pathToFileURL(join(root, "dist/test/support/on-device.js")).href}`;
    const env = { NODE_OPTIONS: [process.env.NODE_OPTIONS, preload].filter(Boolean).join(" ") };
    return (device === "cuda" ? moved : moved.slice(0, 1)).map((file) => part(file, 150, env));
  },
};
