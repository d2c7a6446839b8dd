import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { Evaluation } from "../../src/evaluation/evaluation.js";
import { evaluateStage } from "../../src/stages/evaluate.js";
import { scoreStage } from "../../src/stages/score.js";
import type { ScoreRecord } from "../../src/types.js";
import { jsonLines } from "../support/evaluation-case.js";
import { collect } from "../support/fake-policy.js";
import { makeFolder } from "../support/folder.js";
import { sameResult } from "../support/near.js";
import { runCli } from "../support/run-cli.js";
import { writeTinyModel } from "../support/tiny-engine.js";
import { loadTinyRewardModel, tinySolutions, writeTinyConfig } from "../support/tiny-scoring.js";

const graded = tinySolutions.map((solution, i) => ({
  ...solution,
  answer: "4",
  finalAnswer: String(4 + (i % 3)),
  outcome: i % 3 === 0 ? (1 as const) : (0 as const),
}));

/** Both models in one: an outcome reward model is asked as the other, its last score is the solution's. */
async function models(t: Parameters<typeof writeTinyModel>[0]) {
  const process = await writeTinyModel(t);
  await writeTinyConfig(process);
  const outcome = await writeTinyModel(t);
  await writeTinyConfig(outcome, { kind: "outcome", aggregate: "last" });
  return { process, outcome };
}

test("erprm evaluate scores as the library does, and best-of-N at N = M picks what the scores say", async (t) => {
  const { process, outcome } = await models(t);
  const folder = makeFolder(t, { "s.jsonl": jsonLines(graded) });
  const args = [
    ...[
      "evaluate",
      "--solutions",
      join(folder, "s.jsonl"),
      "--reward-model",
      `prm=${process}`,
      "--reward-model",
      `orm=${outcome}`,
    ],
    ...["--threads", "1", "--num-bootstrap", "200", "--out", join(folder, "e")],
  ];
  const result = await runCli([...args, "--json"]);
  t.is(result.code, 0, result.stderr);
  const read = (name: string) => readFileSync(join(folder, "e", name), "utf8");
  const evaluation = JSON.parse(read("evaluation.json")) as Evaluation;
  t.deepEqual(
    evaluation.models.map(({ name, kind, source }) => [name, kind, source]),
    [
      ["prm", "process", "model"],
      ["orm", "outcome", "model"],
    ],
  );

  const rewardModel = await loadTinyRewardModel(t, process);
  const scores = await collect(scoreStage(tinySolutions, { rewardModel }));
  sameResult(t, read("scores-prm.jsonl"), jsonLines(scores.map((record) => ({ ...record, model: "prm" }))));
  const chosen = (how: "min" | "last") => {
    const problems = [...new Set(graded.map(({ problemId }) => problemId))];
    const right = problems.map((problemId) => {
      const own = scores.map((score, i) => ({ score, i })).filter(({ score }) => score.problemId === problemId);
      const best = own.reduce((a, b) => (b.score.scores[how] > a.score.scores[how] ? b : a));
      return graded[best.i]?.outcome as number;
    });
    return right.reduce((sum, one) => sum + one, 0) / problems.length;
  };
  const bestOfN = evaluation.methods.filter(({ method }) => method.rule === "best-of-n");
  t.deepEqual(
    bestOfN.map(({ method }) => method.aggregate),
    ["min", "last"],
  );
  for (const { method, points } of bestOfN) {
    t.true(Math.abs((points.at(-1)?.accuracy.value as number) - chosen(method.aggregate as "min" | "last")) < 1e-12);
  }
  t.deepEqual(JSON.parse(result.stdout).accuracy["best-of-n prm min"], bestOfN[0]?.points.at(-1)?.accuracy);

  const { models: facts } = evaluation;
  const records = read("scores-orm.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as ScoreRecord);
  const aggregates = [["min"], ["last"]] as const;
  const same = await evaluateStage(
    {
      solutions: graded,
      models: [scores, records].map((all, m) => ({
        ...(facts[m] as (typeof facts)[0]),
        scores: all,
        aggregates: aggregates[m],
      })),
    },
    { numBootstrap: 200 },
  );
  sameResult(t, JSON.parse(JSON.stringify(same)), evaluation);
});

test("a run that was cut off in its second model goes on to the same bytes", async (t) => {
  const { process, outcome } = await models(t);
  const folder = makeFolder(t, { "s.jsonl": jsonLines(graded) });
  const args = (out: string, ...more: string[]) => [
    ...[
      "evaluate",
      "--solutions",
      join(folder, "s.jsonl"),
      "--reward-model",
      `prm=${process}`,
      "--reward-model",
      `orm=${outcome}`,
    ],
    ...["--threads", "1", "--num-bootstrap", "200", "--out", join(folder, out), ...more],
  ];
  const first = await runCli(args("e"));
  t.is(first.code, 0, first.stderr);
  const path = (name: string) => join(folder, "e", name);
  const names = ["scores-prm.jsonl", "scores-orm.jsonl", "evaluation.json", "evaluation.csv"];
  const whole = names.map((name) => readFileSync(path(name), "utf8"));
  // What a kill leaves: some records, the last one torn.
  writeFileSync(
    path("manifest.json"),
    readFileSync(path("manifest.json"), "utf8").replace('"status": "complete"', '"status": "unfinished"'),
  );
  const scores = whole[1] as string;
  writeFileSync(path("scores-orm.jsonl"), scores.slice(0, Math.floor(scores.length * 0.4)));
  for (const name of names.slice(2)) writeFileSync(path(name), "");
  const { code, stderr } = await runCli(args("e", "--tokens-per-batch", "200"));
  t.is(code, 0, stderr);
  for (const [i, name] of names.entries()) sameResult(t, readFileSync(path(name), "utf8"), whole[i], name);
});
