/**
 * `npm test`: set up, then the native tests and the TypeScript tests. Those that compute run one file at a time (two processes with
 * OpenMP threads slow each other down many times), the others, which mostly wait, in several runs of ava at a time.
 * Arguments go to ava (files to run). The last line is `N passed, N failed`.
 */
import { readdirSync } from "node:fs";
import { join, sep } from "node:path";
import { runLines } from "./command.mjs";
import { nativeTestPath } from "./setup/addon.mjs";
import { packageRoot, setUp } from "./setup.mjs";
import { runScript } from "./setup-error.mjs";
import { tapCounter } from "./tap.mjs";

async function runNativeTests() {
  let counts;
  const status = await runLines(nativeTestPath(packageRoot), [], {
    onLine(line) {
      console.log(line);
      const match = /^native: (\d+) passed, (\d+) failed$/.exec(line);
      if (match) counts = { passed: Number(match[1]), failed: Number(match[2]) };
    },
  });
  if (counts && (status === 0) === (counts.failed === 0)) return counts;
  console.log(`not ok: the native tests ended with exit code ${status}`);
  return { passed: counts?.passed ?? 0, failed: (counts?.failed ?? 0) + 1 };
}

/** Folders of tests that compute. */
const computingFolders = ["browser", "native", "stages"];

/** Runs of ava at a time for tests that wait. One run with --concurrency would run the tests of a file at once too. */
const numShares = 4;

function testFiles() {
  const files = readdirSync(join(packageRoot, "dist/test"), { recursive: true })
    .filter((file) => file.endsWith(".test.js"))
    .sort();
  const computes = (file) => computingFolders.includes(file.split(sep)[0]);
  const paths = (some) => some.map((file) => join("dist/test", file));
  const waiting = files.filter((file) => !computes(file));
  return {
    computing: paths(files.filter(computes)),
    // Neighbours, which take alike long, go to different shares.
    shares: Array.from({ length: numShares }, (_, share) => paths(waiting.filter((_, i) => i % numShares === share))),
  };
}

async function runAva(files, print = console.log) {
  const counter = tapCounter(print);
  const program = join(packageRoot, "node_modules/ava/entrypoints/cli.mjs");
  const env = { ...process.env, ERPRM_QUIET: "1" };
  const args = [program, "--tap", "--serial", ...files];
  const status = await runLines(process.execPath, args, { cwd: packageRoot, env, onLine: counter.onLine });
  return counter.end(status);
}

/** What a share prints is kept together: the lines of two failures would mix. */
async function runShare(files) {
  const lines = [];
  const result = await runAva(files, (line) => lines.push(line));
  console.log(lines.join("\n"));
  return result;
}

await runScript(async () => {
  await setUp();
  const files = process.argv.slice(2);
  const results = [];
  if (files.length > 0) {
    results.push(await runAva(files));
  } else {
    results.push(await runNativeTests());
    const { computing, shares } = testFiles();
    results.push(await runAva(computing));
    results.push(...(await Promise.all(shares.map(runShare))));
  }
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
});
