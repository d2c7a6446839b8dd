/**
 * Labels a second from the outcomes of completions, soft, hard and of three eta at once: `logMeanExp` against numpy, torch and a plain
 * loop of JavaScript on the same ragged outcomes. The labels must agree before a number is printed.
 * How far the kernel is from copying the same bytes: `build/erprm_kernel_bench cpu log-mean-exp`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { packageRoot } from "../../src/native/loader.js";
import { mostShare, warnWhenBusy } from "./busy-machine.js";
import { interleave, median, type Row, type Run } from "./measure.js";
import { findPython } from "./python-peer.js";
import { spreadOf } from "./spread.js";

const { values: flags } = parseArgs({
  options: {
    python: { type: "string" },
    prefixes: { type: "string", default: "1000000" },
    completions: { type: "string", default: "16" },
    runs: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
  },
});
const [prefixes, completions] = [Number(flags.prefixes), Number(flags.completions)];
if (!(prefixes >= 1 && completions >= 2 && Number(flags.runs) >= 1 && Number(flags.threads) >= 1)) {
  console.error(
    "Usage: npm run bench labels -- [--python PYTHON with numpy and torch] [--prefixes 1000000] " +
      "[--completions 16, of a prefix on average] [--runs 5] [--threads 2]",
  );
  process.exit(2);
}

const etas = [1, 2, 5];
/** Of labels between 0 and 1 in f32; the peers' logarithms of sums in f32 lose about this much. */
const tolerance = 1e-5;
const python = findPython(flags.python, ["numpy", "torch"]);
const folder = mkdtempSync(join(tmpdir(), "erprm-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** The same numbers in every run. @returns uniform in [0, 1) */
function uniforms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** Writes from half to one and a half as many outcomes a prefix, each prefix with a success rate of its own. @returns their number */
function writeOutcomes(kind: "0/1" | "real"): number {
  const uniform = uniforms(7);
  const offsets = new Int32Array(prefixes + 1);
  for (let p = 0; p < prefixes; p++) {
    offsets[p + 1] = (offsets[p] as number) + Math.max(1, Math.floor(completions * (0.5 + uniform())));
  }
  const outcomes = new Float32Array(offsets[prefixes] as number);
  for (let p = 0; p < prefixes; p++) {
    const rate = uniform();
    for (let k = offsets[p] as number; k < (offsets[p + 1] as number); k++) {
      outcomes[k] = kind === "real" ? uniform() : Number(uniform() < rate);
    }
  }
  writeFileSync(join(folder, "offsets.i32"), offsets);
  writeFileSync(join(folder, "outcomes.f32"), outcomes);
  return outcomes.length;
}

function labelsOf(row: Row): Float32Array {
  return new Float32Array(Uint8Array.from(readFileSync(join(folder, `${row.name}.f32`))).buffer);
}

function expectEqual(row: Row, expected: Float32Array): void {
  const labels = labelsOf(row);
  if (labels.length !== expected.length)
    throw new Error(`${row.name}: ${labels.length} labels, not ${expected.length}`);
  const wrong = labels.findIndex((label, i) => !(Math.abs(label - (expected[i] as number)) <= tolerance));
  if (wrong >= 0) throw new Error(`${row.name}: label ${wrong} is ${labels[wrong]}, not ${expected[wrong]}`);
}

async function measure(kind: "0/1" | "real") {
  const outcomes = writeOutcomes(kind);
  const ours = join(packageRoot, "dist", "test", "bench", "peers", "erprm-labels.js");
  const theirs = join(packageRoot, "test", "bench", "peers", "labels.py");
  const list = JSON.stringify(etas);
  const node = ["env", `OMP_NUM_THREADS=${flags.threads}`, "node"];
  const rows: Row[] = ["erprm", "javascript"].map((name) => ({ name, command: [...node, ours, folder, name, list] }));
  for (const name of python ? ["numpy", "torch"] : []) {
    rows.push({ name, command: [python as string, theirs, folder, name, flags.threads, list] });
  }
  let expected: Float32Array | undefined;
  const report = (row: Row, run: Run) => {
    expected ??= labelsOf(row);
    expectEqual(row, expected);
    console.error(`${kind}, ${row.name}: ${(1e9 * run.seconds) / prefixes} ns a prefix`);
  };
  const results = await interleave(rows, Number(flags.runs), report, { mostOthersShare: mostShare });
  return rows.map((row) => {
    const runs = results.get(row) as Run[];
    return {
      kind,
      outcomes,
      name: row.name,
      runs: runs.length,
      prefixesPerSecond: spreadOf(runs.map((run) => prefixes / run.seconds)),
      peakBytes: median(runs.map((run) => run.peakBytes)),
      othersShare: median(runs.map((run) => run.othersShare)),
    };
  });
}

const rows = [...(await measure("0/1")), ...(await measure("real"))];
const table = new Table({
  head: ["outcomes", "labels by", "runs", "million prefixes/s", "erprm is faster by", "peak MiB"],
  style: { head: [], border: [] },
});
const millions = (value: number) => (value / 1e6).toPrecision(3);
for (const { kind, name, runs, prefixesPerSecond, peakBytes } of rows) {
  const first = rows.find((row) => row.kind === kind)?.prefixesPerSecond.median as number;
  const { median: rate, low, high } = prefixesPerSecond;
  table.push([
    kind,
    name,
    runs,
    `${millions(rate)} (${millions(low)} to ${millions(high)})`,
    name === "erprm" ? "" : `${(first / rate).toFixed(1)} x`,
    (peakBytes / 2 ** 20).toFixed(0),
  ]);
}
console.log(`${prefixes} prefixes of about ${completions} outcomes, 5 labels each, ${flags.threads} threads`);
console.log(table.toString());
warnWhenBusy(rows);
console.log(
  JSON.stringify({ prefixes, completions, etas, threads: Number(flags.threads), machine: cpus()[0]?.model, rows }),
);
