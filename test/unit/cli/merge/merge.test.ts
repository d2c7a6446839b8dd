/** Real runs of the tiny policy, whole and in shards: the union has the bytes of the whole. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { generateProblems } from "../../../../src/problems/generate.js";
import { makeFolder } from "../../../support/folder.js";
import { fakeProgram, runCli } from "../../../support/run-cli.js";

const few = ["--policy", "builtin:tiny", "--threads", "1", "--max-tokens", "60"];
const completions = ["--num-completions", "2", "--completion-max-tokens", "40"];

function problemFile(numProblems: number): string {
  const problems = [...generateProblems({ split: "test", num: numProblems, seed: 3 })];
  return problems.map((problem) => `${JSON.stringify(problem)}\n`).join("");
}

function study(t: ExecutionContext, numProblems = 5) {
  const folder = makeFolder(t, { "p.jsonl": problemFile(numProblems) });
  const path = (...names: string[]) => join(folder, ...names);
  const read = (...names: string[]) => readFileSync(path(...names), "utf8");
  const manifest = (...names: string[]) => JSON.parse(read(...names, "manifest.json"));
  const ok = async (args: string[], program?: string) => {
    const result = await runCli(args, program === undefined ? {} : { program });
    t.is(result.code, 0, result.stderr);
    return result;
  };
  /** Runs the command whole and in `of` shards, and merges these. */
  const bothWays = async (args: string[], name: string, of: number, program?: string) => {
    await ok([...args, "--out", path(`${name}-whole`)], program);
    for (let i = 0; i < of; i += 1) {
      await ok([...args, "--shard", `${i}/${of}`, "--out", path(`${name}-shards`)], program);
    }
    return ok(["merge", "--json", "--out", path(`${name}-merged`), path(`${name}-shards`)]);
  };
  return { folder, path, read, manifest, ok, bothWays };
}

/** Counts that follow from the records alone. */
function recordCounts(counts: Record<string, number>): Record<string, number> {
  const ofSession = /^(rollouts|recordsBefore|peakMemoryBytes|kvBytesPeak|shards|scoredTokens|leftOut)$|Tokens/;
  return Object.fromEntries(Object.entries(counts).filter(([name]) => !ofSession.test(name)));
}

test("rollouts of three shards are, merged, those of the whole run, which is then complete", async (t) => {
  const { path, read, manifest, ok, bothWays } = study(t);
  const args = ["rollout", ...few, "--problems", path("p.jsonl"), "--num-solutions", "2"];
  const { stdout } = await bothWays(args, "r", 3);
  t.is(read("r-merged", "solutions.jsonl"), read("r-whole", "solutions.jsonl"));
  t.is(read("r-shards", "shard-2-of-3", "shard.jsonl").trim().split("\n").length, 1);
  const [whole, merged] = [manifest("r-whole"), manifest("r-merged")];
  t.deepEqual(recordCounts(merged.counts), recordCounts(whole.counts));
  t.is(JSON.parse(stdout).counts.rollouts, 10);
  t.deepEqual(merged.options, whole.options);
  t.deepEqual(
    merged.mergedFrom.map(({ shard }: { shard: string }) => shard),
    ["0/3", "1/3", "2/3"],
  );
  t.true(merged.mergedFrom.every(({ timings }: { timings: Record<string, number> }) => (timings.run ?? 0) > 0));
  t.regex((await ok([...args, "--out", path("r-merged")])).stdout, /complete already/);
  t.regex((await ok(["merge", "--out", path("r-merged"), path("r-shards")])).stdout, /complete already/);
});

test("labels from problems, with their completions, are merged to the bytes of the whole run", async (t) => {
  const { path, read, manifest, bothWays } = study(t);
  const args = ["label", ...few, ...completions, "--problems", path("p.jsonl"), "--num-solutions", "2"];
  await bothWays([...args, "--keep-completions"], "l", 2);
  for (const file of ["solutions.jsonl", "labels.jsonl", "completions.jsonl"]) {
    t.is(read("l-merged", file), read("l-whole", file), file);
  }
  t.deepEqual(recordCounts(manifest("l-merged").counts), recordCounts(manifest("l-whole").counts));
});

test("labels of solutions are merged to the bytes of the whole run, and a report takes them", async (t) => {
  const { path, read, manifest, ok, bothWays } = study(t);
  await ok(["rollout", ...few, "--problems", path("p.jsonl"), "--num-solutions", "2", "--out", path("s")]);
  const solutions = path("s", "solutions.jsonl");
  // More shards than problems: the last two are empty.
  await bothWays(["label", ...few.slice(0, 4), ...completions, "--solutions", solutions], "l", 7);
  t.is(read("l-merged", "labels.jsonl"), read("l-whole", "labels.jsonl"));
  t.is(read("l-shards", "shard-6-of-7", "labels.jsonl"), "");
  t.deepEqual(recordCounts(manifest("l-merged").counts), recordCounts(manifest("l-whole").counts));
  await ok(["report", "--run", path("l-merged"), "--out", path("report.html")]);
  t.true(existsSync(path("report.html")));
});

test("scores are merged to the bytes of the whole run, also where a problem has none", async (t) => {
  const { path, read, manifest, bothWays } = study(t);
  // The fake reward model's tag is *: problem c cannot be scored.
  const solutions = [..."aabbbccddef"].map((problemId, index) => {
    const steps = ["1 + 1 = 2\n", problemId === "c" ? "2 * 1\n" : "so 2"];
    return JSON.stringify({ problemId, index, question: "1 + 1?", answer: "2", steps, outcome: index % 2 });
  });
  writeFileSync(path("s.jsonl"), `${solutions.join("\n")}\n`);
  const args = ["score", "--reward-model", "fake", "--max-faults", "1", "--solutions", path("s.jsonl")];
  await bothWays(args, "c", 2, fakeProgram);
  t.is(read("c-merged", "scores.jsonl"), read("c-whole", "scores.jsonl"));
  const [whole, merged] = [manifest("c-whole").counts, manifest("c-merged").counts];
  t.is(whole.leftOut, 2);
  t.is(merged.leftOut, 2);
  t.is(typeof merged["min area"], "number");
  t.deepEqual(recordCounts(merged), recordCounts(whole));
});

test("holes, overlaps, unfinished shards and shards of other runs are refused, all of them named", async (t) => {
  const { path, ok, read } = study(t, 3);
  const args = (seed: string) => [
    "rollout",
    ...few,
    "--problems",
    path("p.jsonl"),
    "--num-solutions",
    "1",
    "--seed",
    seed,
  ];
  for (const shard of ["0/3", "2/3"]) await ok([...args("0"), "--shard", shard, "--out", path("a")]);
  await ok([...args("1"), "--shard", "1/3", "--out", path("b")]);
  await ok([...args("0"), "--shard", "0/3", "--out", path("c")]);
  const merge = (...shards: string[]) => runCli(["merge", "--out", path("whole"), ...shards.map((name) => path(name))]);
  const hole = await merge("a", "c");
  t.is(hole.code, 2);
  t.regex(hole.stderr, /missing: 1\/3; 0\/3 is there more than once \(.*a\/shard-0-of-3, .*c\/shard-0-of-3\)/);
  const other = await merge("a", "b");
  t.is(other.code, 4);
  t.regex(other.stderr, /b\/shard-1-of-3.*seed was 0 and is now 1/);
  await ok([...args("0"), "--shard", "1/3", "--out", path("a")]);
  const manifestPath = path("a", "shard-1-of-3", "manifest.json");
  const finished = read("a", "shard-1-of-3", "manifest.json");
  writeFileSync(manifestPath, finished.replace('"complete"', '"unfinished"'));
  const unfinished = await merge("a");
  t.is(unfinished.code, 2);
  t.regex(unfinished.stderr, /not finished: 1\/3/);
  // Made through a queue that set something aside.
  writeFileSync(manifestPath, finished.replace('"counts": {', '"counts": { "setAside": 2,'));
  const holed = await merge("a");
  t.is(holed.code, 2);
  t.regex(holed.stderr, /with units that were set aside: 1\/3/);
  writeFileSync(manifestPath, finished);
  const file = path("a", "shard-0-of-3", "solutions.jsonl");
  const records = readFileSync(file, "utf8");
  rmSync(file);
  writeFileSync(file, "");
  const short = await merge("a");
  t.is(short.code, 2);
  t.regex(short.stderr, /Expected the 1 records in .*shard-0-of-3\/solutions\.jsonl/);
  t.false(existsSync(path("whole", "solutions.jsonl")), "a file that lacks records does not appear");
  writeFileSync(file, records);
  t.is((await merge("a")).code, 0, "a merge that failed goes on");
  t.is((await merge("p.jsonl")).code, 2);
});

test("shards of two divisions do not share a directory, and what the environment said is told", async (t) => {
  const { path } = study(t, 2);
  const args = ["rollout", ...few, "--problems", path("p.jsonl"), "--num-solutions", "1", "--out", path("a")];
  const env = {
    SLURM_ARRAY_TASK_ID: "1",
    SLURM_ARRAY_TASK_MIN: "0",
    SLURM_ARRAY_TASK_MAX: "1",
    SLURM_ARRAY_TASK_COUNT: "2",
  };
  const first = await runCli([...args, "--shard", "auto", "--quiet"], { env });
  t.is(first.code, 0, first.stderr);
  t.regex(first.stderr, /shard 1\/2 \(SLURM_ARRAY_TASK_ID=1 of 0 to 1\) in .*shard-1-of-2/);
  const other = await runCli([...args, "--shard", "0/3"]);
  t.is(other.code, 4);
  t.regex(other.stderr, /shard-1-of-2/);
  const unasked = await runCli([...args.slice(0, -1), path("b"), "--quiet"], { env });
  t.is(unasked.code, 0, unasked.stderr);
  t.regex(unasked.stderr, /--shard auto divides it/);
});
