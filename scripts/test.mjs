/**
 * `npm test`: set up, then the native tests and the TypeScript tests. Those that compute run one file at a time (two processes with
 * OpenMP threads slow each other down many times), the others, which mostly wait for processes to start, four at a time.
 * Arguments go to ava (files to run). The last line is `N passed, N failed`.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
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

const computing = ["browser", "native", "stages"];

function passes() {
  const folders = readdirSync(join(packageRoot, "dist/test"), { withFileTypes: true }).filter((one) =>
    one.isDirectory(),
  );
  const globs = (isWanted) => folders.filter(isWanted).map(({ name }) => `dist/test/${name}/**/*.test.js`);
  return [
    { concurrency: 1, files: globs(({ name }) => computing.includes(name)) },
    { concurrency: 4, files: globs(({ name }) => !computing.includes(name)) },
  ];
}

async function runAva({ concurrency, files }) {
  const counter = tapCounter((line) => console.log(line));
  const program = join(packageRoot, "node_modules/ava/entrypoints/cli.mjs");
  const args = [program, "--tap", "--serial", `--concurrency=${concurrency}`, ...files];
  const env = { ...process.env, ERPRM_QUIET: "1" };
  const status = await runLines(process.execPath, args, { cwd: packageRoot, env, onLine: counter.onLine });
  return counter.end(status);
}

await runScript(async () => {
  await setUp();
  const files = process.argv.slice(2);
  const results = [];
  if (files.length > 0) {
    results.push(await runAva({ concurrency: 1, files }));
  } else {
    results.push(await runNativeTests());
    for (const pass of passes()) results.push(await runAva(pass));
  }
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
});
