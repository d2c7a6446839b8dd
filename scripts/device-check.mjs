/**
 * node scripts/device-check.mjs: everything that a machine with a card can tell, in one command: builds, tests on the device, the
 * sanitizer, benchmarks. docs/cuda.md says how it is used. `--help` lists options and stages.
 */
import { join } from "node:path";
import { kernelBench, peer, wholeRuns } from "./device-check/benches.mjs";
import { build } from "./device-check/build.mjs";
import { tableRows } from "./device-check/derive.mjs";
import { environment } from "./device-check/facts.mjs";
import { help, readOptions } from "./device-check/options.mjs";
import { pack } from "./device-check/pack.mjs";
import { runStages } from "./device-check/run-stages.mjs";
import { numberTable, stageTable } from "./device-check/table.mjs";
import { libraryTests, nativeTests, sanitizers } from "./device-check/tests.mjs";
import { packageRoot } from "./setup.mjs";
import { runScript } from "./setup-error.mjs";

/** What is worth most comes first: time on a card ends. */
const stages = [environment, build, nativeTests, kernelBench, ...wholeRuns, libraryTests, ...sanitizers, peer];
const names = stages.map(({ name }) => name);

await runScript(async () => {
  const options = readOptions(process.argv.slice(2), names, packageRoot);
  if (options.help) {
    process.stdout.write(help(names));
    return 0;
  }
  if (options.pack) {
    pack(packageRoot, options.pack);
    return 0;
  }
  const chosen = stages.filter(({ name }) => options.stages.includes(name));
  const results = await runStages(chosen, {
    ...options,
    root: packageRoot,
    say: (line) => process.stderr.write(`device-check: ${line}\n`),
  });
  console.log(
    [...numberTable(tableRows(results.stages)), "", ...stageTable(results.stages, options.stages)].join("\n"),
  );
  console.log(`\nresults: ${join(options.out, "results.json")}`);
  return options.stages.every((name) => results.stages[name]?.status === "passed") ? 0 : 1;
});
