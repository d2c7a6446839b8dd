/** The library's tests that take their device from test/support/accelerator.ts, a process for each file. */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { tapCounter } from "../tap.mjs";
import { StageFailure } from "./command.mjs";
import { onDevice, toldTests } from "./native-tests.mjs";

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

const part = (file) => ({
  name: file,
  seconds: 150,
  async run({ device, run }) {
    const args = ["node_modules/ava/entrypoints/cli.mjs", "--tap", "--serial", "--concurrency=1", file];
    const env = { ...onDevice(device), ERPRM_QUIET: "1" };
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
    return files.map(part);
  },
};
