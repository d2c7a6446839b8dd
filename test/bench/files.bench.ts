/**
 * Files of label records: other labels from their counts (`erprm label --from`), every kind of file read and written, and how long a
 * run takes to go on; against DuckDB and pyarrow doing the same. What a row writes must hold the same records before it counts.
 */
import { createWriteStream, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { readLabels } from "../../src/data/read-solutions.js";
import { writeRecords } from "../../src/data/write-records.js";
import { packageRoot } from "../../src/native/loader.js";
import { relabelStage } from "../../src/stages/relabel.js";
import { warnWhenBusy } from "./busy-machine.js";
import type { FilesTask } from "./files-task.js";
import { labelLines } from "./label-file.js";
import { interleave, median, type Row, type Run, runOnce } from "./measure.js";
import { findPython } from "./python-peer.js";
import { expectSameRecords } from "./same-records.js";
import { spreadOf } from "./spread.js";

const endings = ["jsonl.gz", "jsonl.zst", "parquet"];
const taskNames = ["relabel", "resume", "open", "jsonl-to-jsonl"].concat(
  endings.map((ending) => `jsonl-to-${ending}`),
  endings.map((ending) => `${ending}-to-jsonl`),
);
const { values: flags } = parseArgs({
  options: {
    python: { type: "string" },
    tasks: { type: "string", default: taskNames.join(",") },
    records: { type: "string", default: "100000" },
    runs: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    folder: { type: "string", default: tmpdir() },
  },
});
const chosen = flags.tasks.split(",");
if (chosen.some((name) => !taskNames.includes(name))) {
  console.error(
    `Usage: npm run bench files -- [--python PYTHON with duckdb and pyarrow] [--tasks ${taskNames}] [--records 100000] ` +
      "[--runs 5] [--threads 2] [--folder DIR, for files of about 8 kB a record]",
  );
  process.exit(2);
}
const python = findPython(flags.python, ["duckdb", "pyarrow"]);
const folder = mkdtempSync(join(flags.folder, "erprm-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const [numRecords, threads] = [Number(flags.records), Number(flags.threads)];
const etas = [0.5, 8];
const fileOf = (ending: string) => join(folder, `labels.${ending}`);

async function writeLines(path: string): Promise<number> {
  let numSteps = 0;
  function* lines() {
    for (const line of labelLines(numRecords)) {
      numSteps += line.split('"numCorrect":').length - 1;
      yield `${line}\n`;
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(path));
  return numSteps;
}

function taskOf(name: string, engine: string): FilesTask {
  const from = fileOf("jsonl");
  const to = join(folder, `${engine}.jsonl`);
  if (name === "relabel") return { kind: "relabel", from, to, etas, threads };
  if (name === "resume") return { kind: "resume", from, to, etas, share: 0.5, threads };
  if (name === "open") return { kind: "open", path: from, threads };
  const [input = "", output = ""] = name.split("-to-");
  return { kind: "convert", from: fileOf(input), to: join(folder, `${engine}.${output}`), threads };
}

function rowsOf(name: string): Row[] {
  const row = (engine: string, command: string[]): Row => {
    const file = join(folder, `${engine}.task.json`);
    writeFileSync(file, JSON.stringify(taskOf(name, engine)));
    return { name: engine, command: [...command, file] };
  };
  const peers = join(packageRoot, "test", "bench", "peers");
  const ours = row("erprm", ["node", join(packageRoot, "dist", "test", "bench", "peers", "files.js")]);
  // They do not go on where they were, they start over.
  if (!python || name === "resume" || name === "open") return [ours];
  return [ours, ...["duckdb", "pyarrow"].map((engine) => row(engine, [python, join(peers, `files-${engine}.py`)]))];
}

async function measure(name: string) {
  const rows = rowsOf(name);
  const [input] = name.split("-to-");
  if (input !== undefined && endings.includes(input) && !existsSync(fileOf(input))) {
    await writeRecords(fileOf(input), readLabels(fileOf("jsonl")));
  }
  const expected = fileOf(name === "relabel" || name === "resume" ? "other.jsonl" : "jsonl");
  if (!existsSync(expected)) await writeRecords(expected, relabelStage(readLabels(fileOf("jsonl")), { etas }));
  const checked = new Set<Row>();
  const sizes = new Map<Row, number>();
  const results = await interleave(
    rows,
    Number(flags.runs),
    (row, run) => {
      console.error(
        `${name}, ${row.name}: ${run.seconds.toFixed(1)} s, others used ${(100 * run.othersShare).toFixed(0)} %`,
      );
    },
    {
      once: async (row) => {
        const run = await runOnce(row);
        const task = taskOf(name, row.name);
        if (task.kind !== "open" && !checked.has(row)) await expectSameRecords(task.to, expected);
        if (task.kind !== "open") sizes.set(row, statSync(task.to).size);
        checked.add(row);
        return run;
      },
    },
  );
  return rows.map((row) => summaryOf(name, row, results.get(row) as Run[], sizes.get(row)));
}

function summaryOf(task: string, row: Row, runs: Run[], writtenBytes: number | undefined) {
  const seconds = runs.map((run) => run.seconds);
  const of = (detail: string) => runs.flatMap((run) => (run[detail] as number | undefined) ?? []);
  return {
    task,
    name: row.name,
    runs: runs.length,
    seconds: spreadOf(seconds),
    processorSeconds: median(runs.map((run) => run.processorSeconds as number)),
    recordsPerSecond: numRecords / median(seconds),
    stepsPerSecond: numSteps / median(seconds),
    peakBytes: median(runs.map((run) => run.peakBytes)),
    writtenBytes,
    ...(of("recordsBefore").length > 0 && { recordsBefore: median(of("recordsBefore")) }),
    ...(of("readAllSeconds").length > 0 && { readAllSeconds: spreadOf(of("readAllSeconds")) }),
    ...(of("firstSeconds").length > 0 && { firstSeconds: spreadOf(of("firstSeconds")) }),
    othersShare: median(runs.map((run) => run.othersShare)),
  };
}

const numSteps = await writeLines(fileOf("jsonl"));
const rows: ReturnType<typeof summaryOf>[] = [];
for (const name of taskNames) if (chosen.includes(name)) rows.push(...(await measure(name)));
const table = new Table({
  head: [
    "task",
    "engine",
    "runs",
    "seconds",
    "lowest - highest",
    "processor seconds",
    "records/s",
    "steps/s",
    "peak MiB",
    "MB written",
    "others",
  ],
  style: { head: [], border: [] },
});
for (const row of rows) {
  table.push([
    row.task,
    row.name,
    row.runs,
    row.seconds.median.toFixed(2),
    `${row.seconds.low.toFixed(2)} - ${row.seconds.high.toFixed(2)}`,
    row.processorSeconds.toFixed(2),
    row.recordsPerSecond.toFixed(0),
    row.stepsPerSecond.toFixed(0),
    (row.peakBytes / 2 ** 20).toFixed(0),
    row.writtenBytes === undefined ? "" : (row.writtenBytes / 1e6).toFixed(1),
    `${(100 * row.othersShare).toFixed(0)} %`,
  ]);
}
console.log(
  `${numRecords} records of ${numSteps} steps, ${(statSync(fileOf("jsonl")).size / 1e6).toFixed(0)} MB, ${threads} threads`,
);
console.log(table.toString());
for (const { firstSeconds, readAllSeconds, recordsBefore } of rows) {
  if (readAllSeconds)
    console.log(`open: ${readAllSeconds.median.toFixed(2)} s without a note of the keys of ${recordsBefore} records`);
  if (firstSeconds)
    console.log(`resume: the first new record after ${firstSeconds.median.toFixed(2)} s, with ${recordsBefore} there`);
}
warnWhenBusy(rows);
console.log(JSON.stringify({ settings: flags, machine: cpus()[0]?.model, numSteps, rows }));
