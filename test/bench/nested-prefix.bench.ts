/**
 * How many rollouts a second on the nested-prefix workload, against transformers and llama.cpp through npm: same weights,
 * same prompts, same forced lengths. Prefill, sampling and the way back to JavaScript are in the time; loading is not.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { packageRoot } from "../../src/native/loader.js";
import { interleave, median, type Row, type Run } from "./measure.js";
import { makeWorkload } from "./workload.js";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    python: { type: "string" },
    "node-llama-cpp": { type: "string" },
    runs: { type: "string", default: "5" },
    threads: { type: "string", default: String(cpus().length) },
    prefixes: { type: "string", default: "8" },
    completions: { type: "string", default: "32" },
    tokens: { type: "string", default: "64" },
    batch: { type: "string", default: "64" },
  },
});
if (!flags.model) {
  console.error(
    "Usage: npm run bench nested-prefix -- --model FILE.gguf [--python PYTHON with transformers] " +
      "[--node-llama-cpp FOLDER it is installed in] [--runs 5] [--threads N] [--prefixes 8] [--completions 32] [--tokens 64] [--batch 64]",
  );
  process.exit(2);
}

const workload = await makeWorkload(flags.model, {
  numPrefixes: Number(flags.prefixes),
  numCompletions: Number(flags.completions),
  numTokens: Number(flags.tokens),
  threads: Number(flags.threads),
});
const file = join(mkdtempSync(join(tmpdir(), "erprm-bench-")), "workload.json");
writeFileSync(file, JSON.stringify(workload));
const here = join(packageRoot, "test", "bench", "peers");
const ours = join(packageRoot, "dist", "test", "bench", "peers", "erprm.js");

const rows: Row[] = [
  { name: "erprm int8", command: ["node", ours, file, "int8", flags.batch] },
  { name: "erprm f32", command: ["node", ours, file, "f32", flags.batch] },
];
if (flags.python) {
  rows.push({
    name: "transformers f32",
    command: [flags.python, join(here, "transformers-generate.py"), file],
    maxRuns: 3,
  });
}
if (flags["node-llama-cpp"]) {
  const command = ["node", join(here, "node-llama-cpp.mjs"), file, flags["node-llama-cpp"]];
  rows.push({ name: "node-llama-cpp (the GGUF as it is)", command, maxRuns: 2 });
}

const total = workload.prefixLengths.length * workload.numCompletions;
const results = await interleave(rows, Number(flags.runs), (row, run) => {
  if (run.completions !== total || run.tokens !== total * workload.numTokens) {
    throw new Error(`${row.name} gave ${run.completions} completions and ${run.tokens} tokens, expected ${total}`);
  }
  console.error(`${row.name}: ${run.seconds.toFixed(1)} s, others used ${(100 * run.othersShare).toFixed(0)} %`);
});

const summary = rows.map((row) => {
  const runs = results.get(row) as Run[];
  const rates = runs.map((run) => total / run.seconds);
  return {
    name: row.name,
    runs: runs.length,
    rolloutsPerSecond: median(rates),
    low: Math.min(...rates),
    high: Math.max(...rates),
    tokensPerSecond: median(rates) * workload.numTokens,
    peakBytes: median(runs.map((run) => run.peakBytes)),
    othersShare: median(runs.map((run) => run.othersShare)),
  };
});
const table = new Table({
  head: ["engine", "runs", "rollouts/s", "lowest - highest", "tokens/s", "peak MiB", "others"],
  style: { head: [], border: [] },
});
for (const row of summary) {
  table.push([
    row.name,
    row.runs,
    row.rolloutsPerSecond.toFixed(2),
    `${row.low.toFixed(2)} - ${row.high.toFixed(2)}`,
    row.tokensPerSecond.toFixed(0),
    (row.peakBytes / 2 ** 20).toFixed(0),
    `${(100 * row.othersShare).toFixed(0)} %`,
  ]);
}
const { trunk, prefixLengths, numCompletions, numTokens, threads } = workload;
console.log(
  `${prefixLengths.length} prefixes of ${prefixLengths.join(", ")} tokens x ${numCompletions} completions x ${numTokens} tokens, ${threads} threads`,
);
console.log(table.toString());
console.log(
  JSON.stringify({
    workload: { trunkTokens: trunk.length, prefixLengths, numCompletions, numTokens, threads },
    machine: cpus()[0]?.model,
    rows: summary,
  }),
);
