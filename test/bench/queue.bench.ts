/**
 * What the queue costs: units a second through NATS when the work takes no time, and `erprm label --queue` with one worker and
 * with several of them on this machine against the command without a queue. All label rows must write the same bytes.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { packageRoot } from "../../src/native/loader.js";
import { generateProblems } from "../../src/problems/generate.js";
import { natsServerPath, withoutNatsServer } from "../support/nats-server.js";
import { warnWhenBusy } from "./busy-machine.js";
import { interleave, median, type Row, type Run } from "./measure.js";
import type { EmptyTask, LabelTask } from "./queue-task.js";
import { spreadOf } from "./spread.js";

const parts = ["empty", "label"];
const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: parts.join(",") },
    runs: { type: "string", default: "5" },
    workers: { type: "string", default: "4" },
    units: { type: "string", default: "10000" },
    "in-flight": { type: "string", default: "16" },
    problems: { type: "string", default: "200" },
    "num-solutions": { type: "string", default: "2" },
    "num-completions": { type: "string", default: "8" },
  },
});
const chosen = flags.only.split(",");
if (chosen.some((part) => !parts.includes(part))) {
  console.error(
    `Usage: npm run bench queue -- [--only ${parts}] [--runs 5] [--workers 4] [--units 10000, empty ones] ` +
      "[--in-flight 16, empty units of a worker] [--problems 200] [--num-solutions 2] [--num-completions 8]",
  );
  process.exit(2);
}
if (natsServerPath === undefined) {
  console.error(`The benchmark of the queue ${withoutNatsServer}`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), "erprm-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const peers = join(packageRoot, "dist", "test", "bench", "peers");
const workers = Number(flags.workers);

function rowOf(name: string, program: string, task: EmptyTask | LabelTask): Row {
  const file = join(folder, `${name.replace(/\W+/g, "-")}.json`);
  writeFileSync(file, JSON.stringify(task));
  return { name, command: ["node", join(peers, `${program}.js`), file] };
}

/** @param rate units or rollouts */
function summaryOf(row: Row, runs: Run[], rate: "units" | "rollouts") {
  return {
    name: row.name,
    runs: runs.length,
    [rate]: runs[0]?.[rate] as number,
    perSecond: spreadOf(runs.map((run) => (run[rate] as number) / run.seconds)),
    seconds: median(runs.map((run) => run.seconds)),
    commandSeconds: median(runs.map((run) => (run.commandSeconds as number | undefined) ?? run.seconds)),
    othersShare: median(runs.map((run) => run.othersShare)),
  };
}

function report(row: Row, run: Run): void {
  console.error(
    `${row.name}: ${run.seconds.toFixed(1)} s, others used ${(100 * run.othersShare).toFixed(0)} % of the machine`,
  );
}

async function measure(rows: Row[], rate: "units" | "rollouts", check: (row: Row, run: Run) => void) {
  const results = await interleave(rows, Number(flags.runs), (row, run) => {
    check(row, run);
    report(row, run);
  });
  return rows.map((row) => summaryOf(row, results.get(row) as Run[], rate));
}

function measureEmpty() {
  const units = Number(flags.units);
  const rows = [1, workers].map((count) =>
    rowOf(`empty units, workers: ${count}`, "queue-empty", {
      units,
      workers: count,
      inFlight: Number(flags["in-flight"]),
    }),
  );
  return measure(rows, "units", (row, run) => {
    if (run.units !== units) throw new Error(`${row.name}: ${run.units} units came back, expected ${units}`);
  });
}

async function measureLabel() {
  const problems = join(folder, "problems.jsonl");
  const lines = [...generateProblems({ num: Number(flags.problems) })].map((problem) => `${JSON.stringify(problem)}\n`);
  writeFileSync(problems, lines.join(""));
  const common = {
    problems,
    numSolutions: Number(flags["num-solutions"]),
    numCompletions: Number(flags["num-completions"]),
  };
  const rows = [
    rowOf("label, threads: 1", "label", { ...common, threads: 1, workers: 0 }),
    rowOf(`label, threads: ${workers}`, "label", { ...common, threads: workers, workers: 0 }),
    rowOf("label --queue, workers of a thread: 1", "label", { ...common, threads: 1, workers: 1 }),
    rowOf(`label --queue, workers of a thread: ${workers}`, "label", { ...common, threads: 1, workers }),
  ];
  let bytes: unknown;
  const summary = await measure(rows, "rollouts", (row, run) => {
    bytes ??= run.bytes;
    if (run.bytes !== bytes) throw new Error(`${row.name}: the records are not those of ${rows[0]?.name}`);
  });
  const [alone, , queued] = summary;
  return summary.map((one) => ({
    ...one,
    ...(one === queued && { overhead: one.seconds / (alone as typeof one).seconds - 1 }),
  }));
}

const empty = chosen.includes("empty") ? await measureEmpty() : [];
const label = chosen.includes("label") ? await measureLabel() : [];
const rows = [...empty, ...label];
const table = new Table({
  head: ["row", "runs", "units/s or rollouts/s", "lowest - highest", "seconds", "of the whole command", "others"],
  style: { head: [], border: [] },
});
for (const row of rows) {
  const { median: middle, low, high } = row.perSecond;
  table.push([
    row.name,
    row.runs,
    middle.toFixed(0),
    `${low.toFixed(0)} - ${high.toFixed(0)}`,
    row.seconds.toFixed(1),
    row.commandSeconds.toFixed(1),
    `${(100 * row.othersShare).toFixed(0)} %`,
  ]);
}
console.log(table.toString());
for (const { name, overhead } of label as { name: string; overhead?: number }[]) {
  if (overhead !== undefined) console.log(`${name}: ${(100 * overhead).toFixed(1)} % longer than label, threads: 1`);
}
warnWhenBusy(rows);
console.log(JSON.stringify({ settings: flags, machine: cpus()[0]?.model, rows }));
