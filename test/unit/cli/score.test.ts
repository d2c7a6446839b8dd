import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { ScoreTally } from "../../../src/cli/score/tally.js";
import { makeFolder } from "../../support/folder.js";
import { fakeProgram, runCli, startCli } from "../../support/run-cli.js";

const solutions = Array.from({ length: 40 }, (_, i) => ({
  problemId: `p${i >> 2}`,
  index: i % 4,
  question: `What is ${i} + 1?`,
  answer: "4",
  steps: Array.from({ length: 1 + (i % 3) }, (_, step) => `Step ${step} of ${"x".repeat((i * 5) % 17)}.\n`),
  outcome: i % 3 === 0 ? 1 : 0,
}));
const lines = (records: unknown[]) => records.map((record) => JSON.stringify(record)).join("\n");

function scoreRun(t: { teardown(fn: () => void): void }) {
  const folder = makeFolder(t, { "s.jsonl": lines(solutions) });
  const args = (name: string, ...more: string[]) => [
    ...["score", "--reward-model", "fake", "--solutions", join(folder, "s.jsonl"), "--out", join(folder, name)],
    ...more,
  ];
  const scores = (name: string) => {
    const path = join(folder, name, "scores.jsonl");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  };
  return { folder, args, scores };
}

test("a score run that was killed at any moment and resumed has the bytes of one that was not", async (t) => {
  const { args, scores } = scoreRun(t);
  const whole = await runCli(args("whole"), { program: fakeProgram });
  t.is(whole.code, 0, whole.stderr);
  const expected = scores("whole");
  t.is(expected.split("\n").length, 41);
  let kills = 0;
  let partial = 0;
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const budget = String(60 + 50 * (attempt % 3));
    const running = startCli(args("killed", "--tokens-per-batch", budget), {
      program: fakeProgram,
      env: { FAKE_DELAY_MS: "30" },
    });
    await running.says("loaded");
    const timer = setTimeout(() => running.kill("SIGKILL"), 60 + ((attempt * 53) % 200));
    const { code } = await running.result;
    clearTimeout(timer);
    if (code === null) kills += 1;
    const found = scores("killed");
    if (found !== "" && found !== expected) partial += 1;
  }
  t.true(kills >= 3 && partial >= 2, `${kills} kills, ${partial} of them midway`);
  t.is((await runCli(args("killed"), { program: fakeProgram })).code, 0);
  t.is(scores("killed"), expected);
});

test("the summary holds the scores against the outcomes, resumed or complete already too", async (t) => {
  const { args } = scoreRun(t);
  const first = await runCli(args("a", "--json"), { program: fakeProgram });
  const summary = JSON.parse(first.stdout.trim().split("\n").at(-1) as string);
  t.is(summary.stage, "score");
  t.is(summary.counts.scored, 40);
  t.is(summary.counts.right, 14);
  for (const how of ["min", "last", "mean", "product"]) {
    const { meanRight, meanWrong, area, n } = summary.byAggregate[how];
    t.true(meanRight > 0 && meanWrong > 0 && area >= 0 && area <= 1 && n === 40, how);
  }
  t.true(summary.solutionsPerSecond > 0 && summary.tokensPerSecond > 0);
  const again = JSON.parse((await runCli(args("a", "--json"), { program: fakeProgram })).stdout);
  t.true(again.alreadyComplete);
  t.deepEqual(again.byAggregate, summary.byAggregate);
  const text = (await runCli(args("a"), { program: fakeProgram })).stdout;
  t.regex(
    text,
    /^score +40 solutions of 10 problems, 79 steps in .*\(complete already\)\noutcomes +14 right, 26 wrong\n/,
  );
  t.regex(text, /\nmin +mean right 0\.\d+, wrong 0\.\d+, area under the curve 0\.\d+ \(n = 40\)\n/);
});

test("label files and solutions without outcomes are scored alike", async (t) => {
  const { folder, args, scores } = scoreRun(t);
  await runCli(args("whole"), { program: fakeProgram });
  const labelled = solutions.map(({ steps, ...rest }) => ({
    ...rest,
    steps: steps.map((text) => ({ text, numCompletions: 2, numCorrect: 1 })),
    labels: {},
  }));
  const bare = solutions.map(({ outcome, answer, ...rest }) => rest);
  const files = makeFolder(t, { "l.jsonl": lines(labelled), "b.jsonl": lines(bare) });
  for (const name of ["l", "b"]) {
    const out = ["--reward-model", "fake", "--out", join(folder, name)];
    const result = await runCli(["score", "--solutions", join(files, `${name}.jsonl`), ...out], {
      program: fakeProgram,
    });
    t.is(result.code, 0, result.stderr);
    t.is(scores(name), scores("whole"));
    if (name === "b") t.regex(result.stdout, /outcomes +none in the file/);
  }
});

test("what is missing, and a run of another model, are refused", async (t) => {
  const { folder, args } = scoreRun(t);
  const run = (...more: string[]) => runCli(["score", ...more], { program: fakeProgram });
  t.regex((await run()).stderr, /Expected --reward-model to be given/);
  t.regex((await run("--reward-model", "fake")).stderr, /Expected --solutions to be given/);
  t.is(
    (await run("--reward-model", "fake", "--solutions", join(folder, "no.jsonl"), "--out", join(folder, "x"))).code,
    2,
  );
  await runCli(args("a", "--limit", "3"), { program: fakeProgram });
  const other = await runCli(args("a", "--limit", "4"), { program: fakeProgram });
  t.is(other.code, 4);
  t.regex(other.stderr, /limit was 3 and is now 4/);
});

test("the tally leaves out what has no basis", (t) => {
  const record = (stepScores: number[]) => ({
    ...{ problemId: "p", index: 0, model: "m", stepScores },
    scores: { min: Math.min(...stepScores), last: stepScores.at(-1) as number, mean: 0.5, product: 0.25 },
  });
  const tally = new ScoreTally();
  t.deepEqual(tally.counts, { problems: 0, scored: 0, steps: 0 });
  tally.add(record([0.9, 0.8]), undefined);
  t.deepEqual(tally.counts, { problems: 1, scored: 1, steps: 2 });
  tally.add(record([0.75]), 1);
  t.is(tally.counts["min right"], 0.75);
  t.false("min wrong" in tally.counts);
  t.false("min area" in tally.counts);
  tally.add(record([0.5]), 0);
  tally.add(record([0.75]), 0);
  t.is(tally.counts["min wrong"], 0.625);
  t.is(tally.counts["min area"], 0.75, "one pair in order, one tie");
  t.deepEqual([tally.counts.right, tally.counts.wrong], [1, 2]);
});

test("a solution that cannot be scored is named with file and line; --max-faults leaves it out, counted and named", async (t) => {
  const { folder, args, scores } = scoreRun(t);
  await runCli(args("whole"), { program: fakeProgram });
  const long = { ...solutions[5], problemId: "long", steps: ["x".repeat(5000)] };
  const empty = { ...solutions[5], problemId: "empty", steps: [] };
  writeFileSync(
    join(folder, "s.jsonl"),
    lines([...solutions.slice(0, 10), long, ...solutions.slice(10, 30), empty, ...solutions.slice(30)]),
  );
  const strict = await runCli(args("a"), { program: fakeProgram });
  t.is(strict.code, 2);
  t.regex(
    strict.stderr,
    /s\.jsonl:11 \(problem "long" solution 1: .*context of 4096 tokens, received 50\d\d tokens.*--max-faults SHARE/,
  );
  const one = await runCli(args("a", "--max-faults", "0.03"), { program: fakeProgram });
  t.is(one.code, 2, "one of 42 is allowed");
  t.regex(one.stderr, /s\.jsonl:32 \(problem "empty" solution 1: it has no steps\), after 1 others that were left out/);
  // The run goes on behind what it has.
  const two = await runCli(args("a", "--max-faults", "0.05"), { program: fakeProgram });
  t.is(two.code, 0, two.stderr);
  t.regex(two.stderr, /left out: 2 solutions that cannot be scored, .*s\.jsonl:11 .*s\.jsonl:32 /);
  t.regex(
    two.stdout,
    /^score +40 solutions of 10 problems.*\nleft out +2 solutions that cannot be scored\noutcomes +14 right, 26 wrong\n/,
  );
  t.is(scores("a"), scores("whole"));
});
