import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Evaluation } from "../../../src/evaluation/evaluation.js";
import { handAccuracies, jsonLines } from "../../support/evaluation-case.js";
import { changedScores, handFiles, manySolutions, words } from "../../support/evaluation-files.js";
import { makeFolder } from "../../support/folder.js";
import { fakeProgram, runCli, startCli } from "../../support/run-cli.js";

const fake = { program: fakeProgram };
const read = (...path: string[]) => readFileSync(join(...path), "utf8");
const evaluationIn = (...path: string[]): Evaluation => JSON.parse(read(...path, "evaluation.json"));

test("evaluation.json, the CSV, the table and --json have the numbers computed by hand", async (t) => {
  const folder = makeFolder(t, handFiles());
  const args = words(
    folder,
    "evaluate --solutions @s.jsonl --scores hand=@scores.jsonl --labels @l.jsonl --threshold 0.85 --out @e",
  );
  const { code, stdout, stderr } = await runCli(args);
  t.is(code, 0, stderr);
  const evaluation = evaluationIn(folder, "e");
  const csv = read(folder, "e", "evaluation.csv").trimEnd().split("\n");
  t.is(
    csv[0],
    "part,rule,model,aggregate,second_rule,second_model,second_aggregate,num_candidates,computation,data,from,to,measure,value,low,high,n",
  );
  for (const { method, points } of evaluation.methods) {
    for (const [i, { numCandidates, accuracy, numProblems }] of points.entries()) {
      const expected = handAccuracies[method.rule]?.[i] as number;
      t.true(Math.abs((accuracy.value as number) - expected) < 1e-12, `${method.rule} ${numCandidates}`);
      const { rule, model = "", aggregate = "" } = method;
      const row = `accuracy,${rule},${model},${aggregate},,,,${numCandidates},exact,,,,accuracy,${accuracy.value},${accuracy.low},${accuracy.high},${numProblems}`;
      t.true(csv.includes(row), row);
    }
    t.regex(
      stdout,
      new RegExp(`│ ${method.rule}.*│ ${(100 * (handAccuracies[method.rule]?.[1] as number)).toFixed(1)} `),
    );
  }
  const [comparison] = evaluation.comparisons;
  t.true(csv.some((row) => row.endsWith(`,corrected_p_value,${comparison?.correctedPValue},,,2`)));
  t.true(csv.some((row) => row.startsWith("first_error,,hand,,,,,,,labels,,,f1,0.5,")));
  t.true(csv.some((row) => row.startsWith("calibration,,hand,,,,,,,,,,brier_score,0.38452")));
  t.is(new Set(csv.map((row) => row.split(",").length)).size, 1, "every row has every column");
  t.regex(stdout, /N = 4 +│\n│ +│ +│ +│ of 2/);
  t.regex(
    stdout,
    /evaluate +10 solutions of 3 problems \(2 to 4 each\), reward models: 1, in .*\noutcomes +2 right, 1 without an answer\n/,
  );

  t.regex(stdout, /\nall figures +.*\/e\/evaluation\.json, evaluation\.csv\n/);
  const again = JSON.parse((await runCli([...args, "--json"])).stdout);
  t.true(again.alreadyComplete);
  t.like(again, { stage: "evaluate", numCandidates: 4, counts: { problems: 3, solutions: 10, right: 2, models: 1 } });
  t.deepEqual(
    again.accuracy["best-of-n hand min"],
    evaluation.methods.find(({ method }) => method.rule === "best-of-n")?.points[2]?.accuracy,
  );
  t.like(again.firstErrors[0], { f1: { value: 0.5 } });
});

const bench = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...{ id: `${name}-${i}`, problem: `How many ${name} in ${i}?`, steps: ["One.", "Two.", "Three."].slice(i % 3) },
    label: i % 4 === 0 ? 0 : -1,
  }));

/** Bytes of those of the files that are there. */
function sizesOf(folder: string, run: string, names: readonly string[]): number {
  const paths = names.map((name) => join(folder, run, name)).filter((path) => existsSync(path));
  return paths.reduce((sum, path) => sum + statSync(path).size, 0);
}

test("a run that was killed at any moment of its scoring and resumed has the bytes of one that was not", async (t) => {
  const folder = makeFolder(t, { "s.jsonl": jsonLines(manySolutions), "b.jsonl": jsonLines(bench("b", 12)) });
  const args = (out: string, ...more: string[]) => [
    ...words(
      folder,
      `evaluate --solutions @s.jsonl --reward-model one=fake --reward-model other=fake --processbench @b.jsonl --out @${out}`,
    ),
    ...more,
  ];
  const whole = await runCli(args("whole"), fake);
  t.is(whole.code, 0, whole.stderr);
  const names = [
    "scores-one.jsonl",
    "scores-one@b.jsonl",
    "scores-other.jsonl",
    "scores-other@b.jsonl",
    "evaluation.json",
    "evaluation.csv",
  ];
  const scored = () => sizesOf(folder, "killed", names.slice(0, 4));
  for (let kills = 0; kills < 4; kills += 1) {
    const running = startCli(args("killed", "--tokens-per-batch", "80"), { ...fake, env: { FAKE_DELAY_MS: "25" } });
    await running.says("loaded");
    const before = scored();
    const deadline = Date.now() + 30_000;
    while (scored() === before && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 3));
    running.kill("SIGKILL");
    const { code, stderr } = await running.result;
    t.is(code, null, stderr);
    t.true(scored() > before, "it was killed in the middle of scoring");
    t.false(existsSync(join(folder, "killed", "evaluation.json")));
  }
  const last = await runCli(args("killed"), fake);
  t.is(last.code, 0, last.stderr);
  for (const name of names) t.is(read(folder, "killed", name), read(folder, "whole", name), name);
  t.like(JSON.parse(read(folder, "whole", "scores-other.jsonl").split("\n")[0] as string), {
    model: "other",
    index: 0,
  });
  t.regex((await runCli(args("whole"), fake)).stdout, /\(complete already\)/);
});

test("an interrupted run says that it goes on, and does", async (t) => {
  const folder = makeFolder(t, { "s.jsonl": jsonLines(manySolutions) });
  const args = words(folder, "evaluate --solutions @s.jsonl --reward-model one=fake --tokens-per-batch 80 --out @e");
  const running = startCli(args, { ...fake, env: { FAKE_DELAY_MS: "60" } });
  await running.says("loaded");
  running.kill("SIGINT");
  const { code, stderr } = await running.result;
  t.is(code, 130, stderr);
  t.regex(stderr, /the same command goes on from there/);
  t.is((await runCli(args, fake)).code, 0);
  t.is(evaluationIn(folder, "e").numSolutions, 40);
});

test("first wrong steps of several ProcessBench files are those of the scores, F1 by its definition", async (t) => {
  const folder = makeFolder(t, {
    "s.jsonl": jsonLines(manySolutions),
    "x.jsonl": jsonLines(bench("x", 30)),
    "y.jsonl": jsonLines(bench("y", 18)),
  });
  const base =
    "evaluate --solutions @s.jsonl --reward-model fake --processbench @x.jsonl --processbench second=@y.jsonl --out";
  const result = await runCli(words(folder, `${base} @e --threshold 0.3`), fake);
  t.is(result.code, 0, result.stderr);
  const { firstErrors } = evaluationIn(folder, "e");
  const expected = (["x", "second"] as const).map((name) => {
    const scores = read(folder, "e", `scores-fake@${name}.jsonl`)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const records = bench(name === "x" ? "x" : "y", name === "x" ? 30 : 18);
    const hits = { wrong: [] as boolean[], right: [] as boolean[] };
    for (const [i, { label }] of records.entries()) {
      const found = (scores[i].stepScores as number[]).findIndex((score) => score < 0.3);
      (label === -1 ? hits.right : hits.wrong).push(found === label);
    }
    const share = (all: boolean[]) => all.filter(Boolean).length / all.length;
    const [a, b] = [share(hits.wrong), share(hits.right)];
    return a + b === 0 ? 0 : (2 * a * b) / (a + b);
  });
  t.deepEqual(
    firstErrors.map(({ model, data, threshold, thresholdFrom }) => [model, data, threshold, thresholdFrom]),
    ["x", "second", "mean"].map((data) => ["fake", data, 0.3, "given"]),
  );
  for (const [i, value] of [...expected, ((expected[0] as number) + (expected[1] as number)) / 2].entries()) {
    t.true(Math.abs((firstErrors[i]?.f1.value as number) - value) < 1e-12, `${i}`);
  }
  t.true(
    expected.some((value) => value > 0 && value < 1),
    expected.join(" "),
  );
  const chosen = await runCli(words(folder, `${base} @auto`), fake);
  t.is(chosen.code, 0, chosen.stderr);
  const auto = evaluationIn(folder, "auto").firstErrors;
  t.true(
    auto.every(({ thresholdFrom, numThresholdSolutions }) => thresholdFrom === "split" && numThresholdSolutions > 0),
  );
  t.is(new Set(auto.map(({ threshold }) => threshold)).size, 1);
});

test("options may stand in a configuration file, repeated ones as a list", async (t) => {
  const folder = makeFolder(t, { "s.jsonl": jsonLines(manySolutions) });
  const yaml = `solutions: ${folder}/s.jsonl\nreward-model: [a=fake, b=fake]\naggregate: [min, mean]\nnum-candidates: [1, 3]\nthreshold: 0.4\nnum-bootstrap: 50\n`;
  writeFileSync(join(folder, "c.yaml"), yaml);
  const result = await runCli(words(folder, "evaluate --config @c.yaml --out @e"), fake);
  t.is(result.code, 0, result.stderr);
  const { models, methods, numCandidates, numBootstrap } = evaluationIn(folder, "e");
  t.deepEqual(
    [models.map(({ name }) => name), methods.length, numCandidates, numBootstrap],
    [["a", "b"], 11, [1, 3], 50],
  );
  writeFileSync(join(folder, "c.yaml"), yaml.replace("[min, mean]", "[min, median]"));
  const wrong = await runCli(words(folder, "evaluate --config @c.yaml --out @f"), fake);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /c\.yaml:3:12 aggregate: Expected some of min, last, mean, product, all/);
});

/** A folder with scores of a run whose manifest says that they are an outcome model's. */
async function outcomeRun(t: ExecutionContext): Promise<string> {
  const folder = makeFolder(t, { "s.jsonl": jsonLines(manySolutions) });
  t.is((await runCli(words(folder, "score --reward-model fake --solutions @s.jsonl --out @fake-run"), fake)).code, 0);
  const manifest = join(folder, "fake-run", "manifest.json");
  const facts =
    '"rewardModelFacts": {\n      "kind": "outcome",\n      "aggregate": "last",\n      "target": "outcome"\n    }';
  writeFileSync(manifest, read(manifest).replace(/"rewardModelFacts": \{[^}]*\}/, facts));
  return folder;
}

test("scores of a run tell what their reward model is, and how it is aggregated", async (t) => {
  const folder = await outcomeRun(t);
  const result = await runCli(
    words(folder, "evaluate --solutions @s.jsonl --scores @fake-run/scores.jsonl --out @e"),
    fake,
  );
  t.is(result.code, 0, result.stderr);
  const { models, methods } = evaluationIn(folder, "e");
  t.like(models[0], { name: "fake-run", source: "scores", kind: "outcome", target: "outcome" });
  t.is(methods[2]?.method.aggregate, "last");
  // Scored anew by the same model, the figures are the same.
  const scored = await runCli(
    words(folder, "evaluate --solutions @s.jsonl --reward-model fake-run=fake --aggregate last --out @m"),
    fake,
  );
  t.is(scored.code, 0, scored.stderr);
  t.deepEqual(evaluationIn(folder, "m").methods, methods);
  t.regex(read(folder, "m", "report.html"), /<!doctype html>/i);
  // So they are by the scores of that evaluation, which tell their model too: `min` is its own aggregate.
  const from = await runCli(
    words(folder, "evaluate --solutions @s.jsonl --scores @m/scores-fake-run.jsonl --out @n"),
    fake,
  );
  t.is(from.code, 0, from.stderr);
  t.like(evaluationIn(folder, "n").models[0], { name: "fake-run", kind: "process" });
});

test("with all aggregates a model is still compared by its own, an outcome model by `last`", async (t) => {
  const folder = await outcomeRun(t);
  for (const [list, first] of [
    ["all", "last"],
    ["min,last", "last"],
    ["min,mean", "min"],
  ]) {
    const text = `evaluate --solutions @s.jsonl --scores orm=@fake-run/scores.jsonl --aggregate ${list} --out @${list}`;
    const result = await runCli(words(folder, text), fake);
    t.is(result.code, 0, result.stderr);
    const { comparisons, methods } = evaluationIn(folder, list as string);
    t.true(comparisons.length > 0);
    t.true(comparisons.every((one) => one.first.aggregate === first));
    const own = methods.flatMap(({ method }) => (method.rule === "best-of-n" ? [method.aggregate] : []));
    t.is(own.length, list === "all" ? 4 : 2);
  }
});

test("a directory of another evaluation: exit 4, naming what differs; --force starts over", async (t) => {
  const folder = makeFolder(t, handFiles());
  const run = (text: string) => runCli(words(folder, `evaluate --solutions @s.jsonl --out @e ${text}`), fake);
  t.is((await run("--scores x=@scores.jsonl")).code, 0);
  for (const [text, message] of [
    ["--scores y=@scores.jsonl", /option names was \["x"\]/],
    ["--scores x=@scores.jsonl --seed 1", /seed was 0 and is now 1/],
    ["--scores x=@scores.jsonl --level 0.9", /option level was 0\.95 and is now 0\.9/],
    ["--scores x=@scores.jsonl --labels @l.jsonl", /input labels was not given/],
    ["--reward-model x=fake", /model x was not given/],
  ] as const) {
    const { code, stderr } = await run(text);
    t.is(code, 4, stderr);
    t.regex(stderr, message);
  }
  writeFileSync(join(folder, "scores.jsonl"), changedScores({ stepScores: [0.5, 0.5] }));
  t.regex((await run("--scores x=@scores.jsonl")).stderr, /input scores of x was/);
  t.is((await run("--scores y=@scores.jsonl --force")).code, 0);
  rmSync(join(folder, "e", "evaluation.json"));
  const gone = await run("--scores y=@scores.jsonl");
  t.is(gone.code, 2);
  t.regex(gone.stderr, /evaluation\.json/);
});
