/** The policy that ships with the package, used as anybody would: without any option. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { readSolutions } from "../../src/data/read-solutions.js";
import { Policy } from "../../src/policy/policy.js";
import { generateProblem, generateProblems } from "../../src/problems/generate.js";
import { rolloutStage } from "../../src/stages/rollout.js";
import { wilson } from "../../src/statistics/wilson.js";
import { makeFolder } from "../support/folder.js";
import { runCli, startCli } from "../support/run-cli.js";

test("builtin:tiny solves about half of the default test problems, ending every solution itself", async (t) => {
  const folder = makeFolder(t);
  const [problems, out] = [join(folder, "problems.jsonl"), join(folder, "run")];
  t.is((await runCli(["problems", "--num", "250", "--out", problems])).code, 0);
  const { code, stdout, stderr } = await runCli([
    ...["rollout", "--policy", "builtin:tiny", "--problems", problems],
    ...["--num-solutions", "1", "--out", out, "--json"],
  ]);
  t.is(code, 0, stderr);
  const { counts } = JSON.parse(stdout.trim());
  const { low = 1, high = 0 } = wilson(counts.correct, counts.solutions) ?? {};
  t.true(high > 0.45 && low < 0.65, `${counts.correct} of ${counts.solutions} right`);
  t.true(counts.truncated <= 4, `${counts.truncated} cut off`);
  for await (const { steps, finalAnswer, finishReason, tokenIds } of readSolutions(join(out, "solutions.jsonl"))) {
    if (finishReason !== "stop") continue;
    t.is(tokenIds?.at(-1), 0);
    t.is(steps.at(-1), `The answer is ${finalAnswer}.`);
  }
});

test("its solutions have one step a line, as the worked ones have", async (t) => {
  const policy = await Policy.load("builtin:tiny");
  try {
    const problems = [...generateProblems({ split: "test", num: 40 })];
    const solutions = rolloutStage(problems, { policy, numSolutions: 1, sampling: { temperature: 0 } });
    let sameLength = 0;
    for await (const { problemId, steps } of solutions) {
      for (const step of steps.slice(0, -1)) t.regex(step, /^[^\n]*\d+ [-+*/] \d+[^\n]* = \d+[^\n]*\n$/);
      const { numSteps } = generateProblem(Number(problemId.split("-")[2]), { split: "test" });
      if (steps.length === numSteps + 1) sameLength += 1;
    }
    t.true(sameLength >= 28, `${sameLength} of 40 as long as the worked solution`);
  } finally {
    await policy.dispose();
  }
});

test("the demo needs no download and no option but its size, and a second call finds everything done", async (t) => {
  const out = join(makeFolder(t), "demo");
  const demo = () =>
    runCli(["demo", "--num-problems", "4", "--num-test-problems", "3", "--out", out], {
      env: { PATH: "/nowhere", http_proxy: "http://127.0.0.1:9", https_proxy: "http://127.0.0.1:9" },
    });
  const { code, stdout, stderr } = await demo();
  t.is(code, 0, stderr);
  t.is(stderr.match(/^erprm: \d+ of 13: /gm)?.length, 13, stderr);
  t.regex(stdout, /er:1/);
  const figures = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
  t.true(existsSync(figures.report));
  t.is(figures.numProblems, 3);
  for (const way of ["pass@1", "majority", "best-of-n prm-hard", "best-of-n prm-er-1", "best-of-n orm", "pass@n"]) {
    const { value, low, high } = figures.accuracy[way] ?? {};
    t.true(0 <= low && low <= value && value <= high && high <= 1, `${way}: ${low} ${value} ${high}`);
  }
  t.is(typeof figures.finetuned.after.value, "number");

  const files = ["labels/labels.jsonl", "prm-er-1/model.safetensors", "evaluation/evaluation.json"];
  const times = () => files.map((file) => statSync(join(out, file)).mtimeMs);
  const written = times();
  const again = await demo();
  t.is(again.code, 0, again.stderr);
  t.deepEqual(JSON.parse(again.stdout.trimEnd().split("\n").at(-1) ?? "").accuracy, figures.accuracy);
  t.deepEqual(times(), written);
});

/** Of the run that the part left, as if another version had made it, long ago. */
function makeOutdated(run: string): void {
  const path = join(run, "manifest.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  const options = { ...manifest.options, optionOfAnotherVersion: 1 };
  writeFileSync(path, JSON.stringify({ ...manifest, options, startedAt: "2020-01-01T00:00:00.000Z" }));
}

test("an interrupted demo says which command goes on, and that one does, with what was finished", async (t) => {
  const out = join(makeFolder(t), "demo");
  const args = ["demo", "--num-problems", "4", "--num-test-problems", "3", "--out", out];
  const first = startCli([...args, "--force"]);
  await first.says("5 of 13: ");
  first.kill("SIGINT");
  const { code, stderr } = await first.result;
  t.is(code, 130, stderr);
  t.regex(stderr, /Interrupted; the same command without --force goes on in .*demo$/m);
  const times = () => statSync(join(out, "labels", "labels.jsonl")).mtimeMs;
  const written = times();
  const second = await runCli(args);
  t.is(second.code, 0, second.stderr);
  t.notRegex(second.stderr, /^ {2}erprm .* --force$/m);
  t.is(times(), written);
});

test("a demo that another version left is refused as it is; --force starts it over, once, and removes only what its runs wrote", async (t) => {
  const out = join(makeFolder(t), "demo");
  const demo = (...more: string[]) =>
    runCli(["demo", "--num-problems", "4", "--num-test-problems", "3", "--out", out, ...more]);
  t.is((await demo("--quiet")).code, 0);
  writeFileSync(join(out, "labels", "notes.txt"), "mine");
  makeOutdated(join(out, "labels"));
  const labels = readFileSync(join(out, "labels", "labels.jsonl"));
  const refused = await demo();
  t.is(refused.code, 4);
  t.regex(
    refused.stderr,
    /demo\/labels to hold this run.*option optionOfAnotherVersion was 1.*start over with --force/,
  );

  const forced = await demo("--force");
  t.is(forced.code, 0, forced.stderr);
  t.is(forced.stderr.match(/^ {2}erprm .* --force$/gm)?.length, 10, forced.stderr);
  t.is(readFileSync(join(out, "labels", "notes.txt"), "utf8"), "mine");
  t.true(readFileSync(join(out, "labels", "labels.jsonl")).equals(labels), "the same demo gives the same labels");

  // As if it had been interrupted before its outcome reward model, and an older one were still there.
  makeOutdated(join(out, "orm"));
  const resumed = await demo();
  t.is(resumed.code, 0, resumed.stderr);
  t.deepEqual(resumed.stderr.match(/^ {2}erprm .* --force$/gm)?.length, 1, resumed.stderr);
  t.regex(resumed.stderr, /^ {2}erprm train orm .* --force$/m);
});

test("the model card's first table holds the number that the aim is about, and the directory holds what it needs", (t) => {
  const card = readFileSync(new URL("../../../models/tiny/README.md", import.meta.url), "utf8");
  const [, right = ""] = /^\| default \| 0\.7 \| ([\d.]+) % \|/m.exec(card) ?? [];
  t.true(Number(right) >= 45 && Number(right) <= 65, right);
});
