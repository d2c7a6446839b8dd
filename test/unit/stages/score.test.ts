import test from "ava";
import { newScoreCounts, type SolutionToScore, scoreStage } from "../../../src/stages/score.js";
import type { LabelRecord, Solution } from "../../../src/types.js";
import { collect } from "../../support/fake-policy.js";
import { makeFakeRewardModel } from "../../support/fake-reward-model.js";

const solutions: SolutionToScore[] = Array.from({ length: 30 }, (_, i) => ({
  problemId: `p${i >> 2}`,
  index: i % 4,
  question: `What is ${i} + 1?`,
  steps: Array.from({ length: 1 + (i % 3) }, (_, step) => `Step ${step} of ${"x".repeat((i * 5) % 17)}.\n`),
}));

test("records come in the order of the solutions, with the model's name and every aggregate", async (t) => {
  const { rewardModel } = await makeFakeRewardModel({ name: "runs/prm" });
  const counts = newScoreCounts();
  const records = await collect(scoreStage(solutions, { rewardModel, tokenBudget: 150, counts }));
  t.deepEqual(
    records.map(({ problemId, index }) => [problemId, index]),
    solutions.map(({ problemId, index }) => [problemId, index]),
  );
  for (const [i, { model, stepScores, scores }] of records.entries()) {
    t.is(model, "runs/prm");
    t.is(stepScores.length, solutions[i]?.steps.length as number);
    t.is(scores.min, Math.min(...stepScores));
    t.is(scores.last, stepScores.at(-1) as number);
    t.is(
      scores.product,
      stepScores.reduce((a, b) => a * b, 1),
    );
    t.is(scores.mean, stepScores.reduce((a, b) => a + b, 0) / stepScores.length);
  }
  t.is(counts.solutions, 30);
  t.is(
    counts.steps,
    records.reduce((sum, { stepScores }) => sum + stepScores.length, 0),
  );
  t.true(counts.tokens > 30 * 20);
});

test("solutions and their label records have the same scores", async (t) => {
  const { rewardModel } = await makeFakeRewardModel();
  const texts = ["It is 5.\n", "So 5."];
  const common = { problemId: "p", index: 0, question: "2 + 3?", answer: "5", outcome: 1 as const };
  const solution: Solution = { ...common, steps: texts };
  const steps = texts.map((text) => ({ text, numCompletions: 4, numCorrect: 2 }));
  const label: LabelRecord = { ...common, steps, labels: { soft: [0.5, 0.5] } };
  const [first] = await collect(scoreStage([solution], { rewardModel }));
  const [second] = await collect(scoreStage([label], { rewardModel }));
  t.deepEqual(first, second);
});

test("a solution that cannot be scored is named, after the records before it", async (t) => {
  const { rewardModel } = await makeFakeRewardModel({ contextLength: 120 });
  const long = { problemId: "long one", index: 7, question: "q", steps: ["x".repeat(200)] };
  const seen: unknown[] = [];
  await t.throwsAsync(
    async () => {
      const all = [...solutions.slice(0, 5), long, ...solutions.slice(5)];
      for await (const record of scoreStage(all, { rewardModel })) seen.push(record);
    },
    { code: "ERPRM_INVALID_DATA", message: /solution 7 of problem "long one" to fit into the context of 120 tokens/ },
  );
  t.is(seen.length, 5);
});

test("an aborted stage says so", async (t) => {
  const { rewardModel } = await makeFakeRewardModel({ delayMs: 3 });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 5);
  const stage = scoreStage(solutions, { rewardModel, tokenBudget: 40, signal: controller.signal });
  await t.throwsAsync(collect(stage), { code: "ERPRM_ABORTED" });
});

test("with onUnfit every solution that cannot be scored soundly is handed out with a reason, and the others are scored as alone", async (t) => {
  const { rewardModel } = await makeFakeRewardModel({ contextLength: 120 });
  const odd = (index: number, steps: string[]) => ({ problemId: "odd", index, question: "q", steps });
  const bad = [odd(0, ["x".repeat(200)]), odd(1, []), odd(2, ["a\n", " \n"]), odd(3, ["a * b\n"]), odd(4, ["c"])];
  const all = [...bad.slice(0, 2), ...solutions, ...bad.slice(2)];
  const unfit: [number, string][] = [];
  const onUnfit = ({ problemId, index }: SolutionToScore, reason: string) => {
    t.is(problemId, "odd");
    unfit.push([index, reason]);
  };
  const records = await collect(scoreStage(all, { rewardModel, tokenBudget: 150, onUnfit }));
  t.deepEqual(records, await collect(scoreStage([...solutions, odd(4, ["c"])], { rewardModel })));
  const reasons = [/context of 120 tokens, received 2\d\d tokens/, /no steps/, /step 1 of 2 is " \\n"/, /2 step tags/];
  t.deepEqual(
    unfit.map(([index]) => index),
    [0, 1, 2, 3],
  );
  for (const [i, [, reason]] of unfit.entries()) t.regex(reason, reasons[i] as RegExp);
});
