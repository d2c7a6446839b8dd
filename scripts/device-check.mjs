/**
 * node scripts/device-check.mjs: everything that a machine with a card can tell, in one command: builds, tests on the device, the
 * sanitizer, benchmarks. docs/cuda.md says how it is used. `--help` lists options and stages.
 */
import { join } from "node:path";
import { addon, benchmarks, build } from "./device-check/build.mjs";
import { tableRows } from "./device-check/derive.mjs";
import { deviceFault } from "./device-check/device-fault.mjs";
import { environment } from "./device-check/facts.mjs";
import { watchSignals } from "./device-check/interrupt.mjs";
import { kernels, rates } from "./device-check/kernel-benches.mjs";
import { libraryTests, movedTests } from "./device-check/library-tests.mjs";
import { kernelTests, nativeTests } from "./device-check/native-tests.mjs";
import { help, readOptions } from "./device-check/options.mjs";
import { pack } from "./device-check/pack.mjs";
import { peer } from "./device-check/peer.mjs";
import { runStages } from "./device-check/run-stages.mjs";
import { sanitizers } from "./device-check/sanitizers.mjs";
import { numberTable, stageTable } from "./device-check/table.mjs";
import { decode1b, decode8b, score, train } from "./device-check/whole-runs.mjs";
import { packageRoot } from "./setup.mjs";
import { runScript } from "./setup-error.mjs";

const needing = (needs, stages) => stages.map((stage) => ({ ...stage, needs }));

/**
 * What is worth most comes first: time on a card ends. The kernels' tests take a minute, and say what the numbers are worth. A failure
 * that is meant comes last, whatever it may do to the card.
 */
const stages = [
  ...[environment, build],
  ...needing(benchmarks, [rates]),
  ...needing(addon, [kernelTests]),
  ...needing(benchmarks, [kernels]),
  ...needing(addon, [decode8b]),
  peer,
  ...needing(addon, [score, train, decode1b, nativeTests, libraryTests, movedTests, ...sanitizers, deviceFault]),
];

await runScript(async () => {
  const say = (line) => process.stderr.write(`device-check: ${line}\n`);
  const options = readOptions(process.argv.slice(2), stages, packageRoot);
  if (options.help) {
    process.stdout.write(help(stages));
    return 0;
  }
  if (options.pack) {
    pack(packageRoot, options.pack, { python: options.packedPython, pythonVersion: options.pythonVersion, say });
    return 0;
  }
  const interrupt = watchSignals(process, say);
  const chosen = stages.filter(({ name }) => options.stages.includes(name));
  const results = await runStages(chosen, { ...options, root: packageRoot, interrupt, say });
  const names = stages
    .map(({ name }) => name)
    .filter((name) => options.stages.includes(name) || name in results.stages);
  console.log([...numberTable(tableRows(results)), "", ...stageTable(results.stages, names)].join("\n"));
  console.log(`\nresults: ${join(options.out, "results.json")}`);
  if (interrupt.by) return interrupt.exitCode;
  return options.stages.every((name) => results.stages[name]?.status === "passed") ? 0 : 1;
});
