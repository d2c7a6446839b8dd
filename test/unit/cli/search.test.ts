import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeFolder } from "../../support/folder.js";
import { cliProgram, fakeProgram, runCli, startCli } from "../../support/run-cli.js";
import { withOptions } from "../../support/with-options.js";

const problems = Array.from({ length: 8 }, (_, i) =>
  JSON.stringify({ id: `p${i}`, question: `What is ${i} + ${4 - i}?`, answer: "4" }),
).join("\n");

const outputs = ["solutions.jsonl", "search.jsonl"] as const;

/** search with fake models; the files it leaves. */
function searchRun(t: { teardown(fn: () => void): void }) {
  const folder = makeFolder(t, { "p.jsonl": problems });
  const words = (name: string) => [
    "search",
    ...["--policy", "fake", "--reward-model", "fake", "--problems", join(folder, "p.jsonl")],
    ...["--out", join(folder, name), "--max-steps", "6"],
  ];
  const args = (name: string, ...more: string[]) => withOptions(words(name), more);
  const read = (name: string, file: string) => {
    const path = join(folder, name, file);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  };
  const files = (name: string) => outputs.map((file) => read(name, file));
  return { folder, args, read, files };
}

const run = (args: string[]) => runCli(args, { program: fakeProgram });

test("a search that was killed at any moment and resumed has the bytes of one that was not", async (t) => {
  const { args, files } = searchRun(t);
  t.is((await run(args("whole"))).code, 0);
  const expected = files("whole");
  t.is(expected[0]?.split("\n").length, 9);
  let kills = 0;
  let partial = 0;
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const env = { FAKE_DELAY_MS: "12", FAKE_BATCH: String(1 + (attempt % 3)) };
    const running = startCli(args("killed", "--batch-size", String(1 + attempt)), { program: fakeProgram, env });
    await running.says("loaded");
    const timer = setTimeout(() => running.kill("SIGKILL"), 150 + ((attempt * 97) % 300));
    const { code } = await running.result;
    clearTimeout(timer);
    if (code === null) kills += 1;
    const [solutions = "", records = ""] = files("killed");
    t.true(expected[0]?.startsWith(solutions) && expected[1]?.startsWith(records));
    if (records !== "" && records !== expected[1]) partial += 1;
  }
  t.true(kills >= 3, `${kills} kills, ${partial} of them midway`);
  t.is((await run(args("killed"))).code, 0);
  t.deepEqual(files("killed"), expected);
});

test("a kill between the two files leaves a solution without its record, and the run goes on", async (t) => {
  const { folder, args, files, read } = searchRun(t);
  const first = await run(args("a", "--json"));
  const expected = files("a");
  const manifest = join(folder, "a", "manifest.json");
  const lines = (text: string, count: number) => text.split("\n").slice(0, count).join("\n").length + 1;
  for (const [numSolutions, numRecords] of [
    [5, 3],
    [3, 5],
    [8, 0],
  ] as const) {
    writeFileSync(manifest, read("a", "manifest.json").replace('"status": "complete"', '"status": "unfinished"'));
    const sizes = [lines(expected[0] as string, numSolutions), lines(expected[1] as string, numRecords)];
    for (const [i, file] of outputs.entries()) {
      const count = [numSolutions, numRecords][i] as number;
      truncateSync(
        join(folder, "a", file),
        count === 0 ? 0 : Buffer.byteLength((expected[i] as string).slice(0, sizes[i])),
      );
    }
    const again = await run(args("a", "--json"));
    t.is(again.code, 0, again.stderr);
    t.deepEqual(files("a"), expected);
    const [before, after] = [first, again].map(({ stdout }) => JSON.parse(stdout).counts);
    for (const name of ["problems", "correct", "searchTokens", "found", "anyCorrect"])
      t.is(after[name], before[name], name);
    t.is(after.recordsBefore, Math.min(numSolutions, numRecords));
  }
});

test("threads, batches and memory are not part of a run; what decides the answer is", async (t) => {
  const { args } = searchRun(t);
  t.is((await run(args("run"))).code, 0);
  const same = ["--threads", "1", "--batch-size", "7", "--tokens-per-batch", "300", "--kv-memory", "1GiB", "--quiet"];
  const again = await run(args("run", ...same));
  t.is(again.code, 0, again.stderr);
  t.regex(again.stdout, /complete already/);
  for (const other of [
    ["--seed", "1"],
    ["--algorithm", "dvts"],
    ["--beams", "8"],
    ["--width", "2"],
    ["--max-steps", "5"],
    ["--budget-tokens", "100"],
    ["--aggregate", "min"],
    ["--keep-equal"],
    ["--temperature", "0.9"],
    ["--split", "blank-line"],
    ["--reward-dtype", "int8"],
    ["--limit", "3"],
  ]) {
    const { code, stderr } = await run(args("run", ...other));
    t.is(code, 4, `${other.join(" ")}: ${stderr}`);
  }
});

test("the summary says how many are right, what was spent and how the searches ended", async (t) => {
  const { args } = searchRun(t);
  const { stdout, code } = await run(args("a", "--budget-tokens", "900"));
  t.is(code, 0);
  t.regex(stdout, /^search +8 problems in /m);
  t.regex(stdout, /^accuracy +\d+\.\d % \(\d of 8, 95 % interval/m);
  t.regex(stdout, /^tokens +\d+ sampled a problem, \d+\.\d % of them behind the end of a step/m);
  t.regex(stdout, /^ended by +.*(all-ended|budget|max-steps) \d/m);
  const { counts, timings, accuracy, tokensPerProblem } = JSON.parse(
    (await run(args("a", "--budget-tokens", "900", "--json"))).stdout,
  );
  t.is(accuracy.n, 8);
  t.is(tokensPerProblem, counts.searchTokens / 8);
  t.true(counts.searchTokens <= 8 * 900 && counts.scoredTokens > 0 && timings.scoring > 0);
  const ends = Object.entries(counts).filter(([name]) => name.startsWith("end "));
  t.is(
    ends.reduce((sum, [, times]) => sum + (times as number), 0),
    8,
  );
});

test("a command line that makes no search is exit 2 and says why", async (t) => {
  const { args } = searchRun(t);
  for (const [more, message] of [
    [["--beams", "10"], /beams to be a multiple of the width \(4\), received 10/],
    [["--beams", "0"], /--beams to be an integer of at least 1/],
    [["--algorithm", "mcts"], /--algorithm to be one of beam, dvts, best-of-n/],
    [["--aggregate", "max"], /--aggregate to be one of min, last, mean, product/],
    [["--budget-tokens", "0"], /--budget-tokens to be an integer of at least 1/],
    [["--split", "auto"], /--split to be newline, blank-line, step-number or tag:TEXT/],
    [["--num-solutions", "4"], /no --num-solutions with --algorithm beam/],
    [["--algorithm", "best-of-n", "--width", "4"], /no --width with --algorithm best-of-n/],
    [["--algorithm", "dvts", "--keep-equal"], /no --keep-equal with --algorithm dvts/],
  ] as const) {
    const { code, stderr } = await run(args("bad", ...more));
    t.is(code, 2, stderr);
    t.regex(stderr, message);
  }
  const without = await runCli(["search", "--policy", "x", "--problems", "y", "--out", "z"], { program: cliProgram });
  t.is(without.code, 2);
  t.regex(without.stderr, /Expected --reward-model to be given/);
});
