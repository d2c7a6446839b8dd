/**
 * What a lab meets around the engine: how long a command takes to its first rollout, what share of `erprm label` is spent outside the
 * native engine, how long its event loop is held up, and whether its memory stays flat.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { packageRoot } from "../../src/native/loader.js";
import { generateProblems } from "../../src/problems/generate.js";
import { median } from "./measure.js";
import { longestBlock, memoryGrowth, type Watched } from "./watched.js";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string", default: "builtin:tiny" },
    problems: { type: "string" },
    limit: { type: "string", default: "200" },
    dtype: { type: "string", default: "f32" },
    threads: { type: "string", default: String(Math.max(1, cpus().length - 1)) },
    "num-solutions": { type: "string", default: "4" },
    "num-completions": { type: "string", default: "16" },
    "max-tokens": { type: "string", default: "200" },
    runs: { type: "string", default: "5" },
  },
});
if (!(Number(flags.runs) >= 1 && Number(flags.threads) >= 1)) {
  console.error(
    "Usage: npm run bench whole-run -- [--model builtin:tiny] [--problems FILE, else generated ones] [--limit 200, problems] " +
      "[--dtype f32] [--threads N, all cores but one: so that nobody waits for a core] [--num-solutions 4] [--num-completions 16] " +
      "[--max-tokens 200] [--runs 5]",
  );
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "erprm-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const problems = flags.problems ?? join(folder, "problems.jsonl");
if (flags.problems === undefined) {
  const lines = [...generateProblems({ num: Number(flags.limit) })].map((problem) => `${JSON.stringify(problem)}\n`);
  writeFileSync(problems, lines.join(""));
}

/** Runs a command with `seen` called every few milliseconds; throws when it fails. */
async function erprm(args: string[], seen: () => void = () => {}): Promise<Watched> {
  const file = join(folder, "watched.json");
  const monitor = join(packageRoot, "dist", "test", "bench", "peers", "watch-process.js");
  const main = join(packageRoot, "dist", "src", "cli", "main.js");
  const child = spawn(process.execPath, ["--import", pathToFileURL(monitor).href, main, ...args, "--quiet"], {
    env: { ...process.env, ERPRM_BENCH_WATCH: file },
    stdio: ["ignore", "ignore", "inherit"],
  });
  let ended = false;
  const end = once(child, "close").then(([code]) => {
    ended = true;
    if (code !== 0) throw new Error(`erprm ${args[0]} ended with ${code}`);
  });
  while (!ended) {
    seen();
    await wait(5);
  }
  await end;
  return JSON.parse(readFileSync(file, "utf8"));
}

const common = ["--policy", flags.model, "--problems", problems, "--dtype", flags.dtype, "--threads", flags.threads];
const hasBytes = (file: string) => existsSync(file) && statSync(file).size > 0;

/** Seconds from the start of a process to its first rollout, of one token, in the file. */
async function firstRollout(): Promise<number> {
  const out = join(folder, "first");
  const start = performance.now();
  let seconds = Number.NaN;
  const command = ["rollout", ...common, "--limit", "1", "--num-solutions", "1", "--max-tokens", "1", "--out", out];
  await erprm(command, () => {
    if (Number.isNaN(seconds) && hasBytes(join(out, "solutions.jsonl"))) seconds = (performance.now() - start) / 1000;
  });
  rmSync(out, { recursive: true });
  return seconds;
}

async function wholeRun() {
  const out = join(folder, "run");
  let begin = Number.NaN;
  const command = ["label", ...common, "--limit", flags.limit, "--num-solutions", flags["num-solutions"], "--out", out];
  command.push("--num-completions", flags["num-completions"]);
  command.push("--max-tokens", flags["max-tokens"], "--completion-max-tokens", flags["max-tokens"]);
  const watched = await erprm(command, () => {
    if (Number.isNaN(begin) && hasBytes(join(out, "solutions.jsonl"))) begin = Date.now();
  });
  const end = Date.now();
  const { counts, timings } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
  rmSync(out, { recursive: true });
  return {
    seconds: timings.run as number,
    rollouts: counts.rollouts as number,
    shareOutsideEngine: 1 - timings.engine / timings.run,
    longestBlock: longestBlock(watched, begin, end),
    longestBlockAtStart: longestBlock(watched, 0, begin),
    memoryGrowth: memoryGrowth(watched, begin, end),
    peakBytes: Math.max(...watched.memory.map(({ bytes }) => bytes)),
  };
}

const firsts: number[] = [];
const runs: Awaited<ReturnType<typeof wholeRun>>[] = [];
for (let i = 0; i < Number(flags.runs); i++) {
  firsts.push(await firstRollout());
  const run = await wholeRun();
  runs.push(run);
  console.error(
    `first rollout after ${firsts.at(-1)?.toFixed(2)} s; ${run.rollouts} rollouts in ${run.seconds.toFixed(1)} s`,
  );
}
const table = new Table({ head: ["", "median", "lowest", "highest"], style: { head: [], border: [] } });
function add(what: string, values: number[], show: (value: number) => string): void {
  table.push([what, ...[median(values), Math.min(...values), Math.max(...values)].map(show)]);
}
const milliseconds = (value: number) => `${value.toFixed(1)} ms`;
add("from the start of the process to the first rollout", firsts, (value) => `${value.toFixed(2)} s`);
add(
  "label: rollouts a second",
  runs.map((run) => run.rollouts / run.seconds),
  (value) => value.toFixed(1),
);
add(
  "... share of the time outside the engine",
  runs.map((run) => run.shareOutsideEngine),
  (value) => `${(100 * value).toFixed(2)} %`,
);
add(
  "... longest block of the event loop, from the first solution on",
  runs.map((run) => run.longestBlock),
  milliseconds,
);
add(
  "... the same before it",
  runs.map((run) => run.longestBlockAtStart),
  milliseconds,
);
add(
  "... most memory in the last quarter / in the second",
  runs.map((run) => run.memoryGrowth),
  (value) => value.toFixed(3),
);
add(
  "... peak memory",
  runs.map((run) => run.peakBytes / 2 ** 20),
  (value) => `${value.toFixed(0)} MiB`,
);
console.log(`${flags.model}, ${flags.dtype}, ${flags.threads} threads`);
console.log(table.toString());
console.log(JSON.stringify({ ...flags, machine: cpus()[0]?.model, secondsToFirstRollout: firsts, runs }));
