import test from "ava";
import { distinctAnswers, distinctNgrams } from "../../../src/stages/finetune-diversity.js";
import { divergenceOf, noDivergence, policyMeasures, RoundTally } from "../../../src/stages/finetune-measures.js";
import type { Solution } from "../../../src/types.js";

function solution(problemId: string, index: number, more: Partial<Solution> = {}): Solution {
  const common = { question: "What is 2 + 2?", answer: "4", steps: ["2 + 2 = 4.\n", "It is 4."] };
  return { problemId, index, ...common, outcome: 1, finishReason: "stop", finalAnswer: "4", ...more };
}

test("answers differ as texts, and one that is missing adds to the solutions alone", (t) => {
  const answers = [{ finalAnswer: "4" }, { finalAnswer: "4.0" }, {}, { finalAnswer: "4" }];
  t.deepEqual(distinctAnswers(answers), { distinct: 2, total: 4 });
  t.deepEqual(distinctAnswers([]), { distinct: 0, total: 0 });
});

test("4-grams lie within a solution, and agree with a naive count", (t) => {
  t.deepEqual(
    distinctNgrams([
      [1, 2, 3, 4, 1, 2, 3, 4],
      [1, 2, 3, 4],
      [7, 8, 9],
    ]),
    { distinct: 4, total: 6 },
  );
  t.deepEqual(distinctNgrams([[5, 5, 5, 5, 5, 5]]), { distinct: 1, total: 3 });
  const sequences = Array.from({ length: 9 }, (_, s) => Array.from({ length: 40 }, (_, i) => (i * i * (s % 4)) % 7));
  const naive = new Set(sequences.flatMap((ids) => ids.slice(3).map((_, i) => ids.slice(i, i + 4).join())));
  t.deepEqual(distinctNgrams(sequences), { distinct: naive.size, total: 9 * 37 });
  const large = 151_935;
  t.deepEqual(distinctNgrams([[large, 1, 2, large, large, 1, 2, 1]]), { distinct: 5, total: 5 });
});

const seen = (problemId: string, index: number, numTokens: number, own: number, start: number) => ({
  problemId,
  index,
  numTokens,
  logProbability: own,
  startLogProbability: start,
});

test("the divergence is the nats of all solutions by their tokens: a case computed by hand", async (t) => {
  // (0.5 + 1.5 - 0.25) / (4 + 6 + 10)
  const records = [seen("a", 0, 4, -1, -1.5), seen("a", 1, 6, -2, -3.5), seen("b", 0, 10, -3.25, -3)];
  const { value, low, high } = await divergenceOf(records, { seed: 0 });
  t.is(value, 1.75 / 20);
  // The draws of two problems: a a (2 nats in 10 tokens), a b, b b (-0.25 in 10).
  t.is(low, -0.025);
  t.is(high, 0.2);
});

test("the divergence of one problem has no interval, that of no tokens no value", async (t) => {
  t.deepEqual(await divergenceOf([seen("a", 0, 2, -1, -2)], { seed: 0 }), { value: 0.5, low: null, high: null });
  t.deepEqual(await divergenceOf([], { seed: 0 }), { value: null, low: null, high: null });
});

test("a policy's measures are those of its greedy solutions", (t) => {
  const wrong = solution("b", 0, { outcome: 0, finishReason: "length", steps: ["x"], tokenIds: [1, 2, 3, 4] });
  const measures = policyMeasures([solution("a", 0, { tokenIds: [1, 2] }), wrong], noDivergence);
  t.like(measures, { n: 2, meanTokens: 3, meanSteps: 1.5, numCutOff: 1, divergence: { value: 0, low: 0, high: 0 } });
  t.is(measures.accuracy.value, 0.5);
  // Wilson's interval of 1 in 2.
  t.true(Math.abs((measures.accuracy.low as number) - 0.0945) < 1e-4);
  t.true(Math.abs((measures.accuracy.high as number) - 0.9055) < 1e-4);
});

test("a round's measures count what was used and why the rest was not", async (t) => {
  const tally = new RoundTally();
  tally.add(
    [
      solution("a", 0, { tokenIds: [1, 2, 3, 4] }),
      solution("a", 1, { tokenIds: [1, 2, 3, 4], outcome: 0, finalAnswer: "5" }),
      solution("a", 2, { finishReason: "length", tokenIds: [1, 2, 3, 5, 6, 7] }),
      solution("a", 3, { steps: [], tokenIds: [9] }),
    ],
    [0.5, 0.75, undefined, undefined],
    [1],
    true,
  );
  tally.add([solution("b", 0, { tokenIds: [1] })], [undefined], [], true);
  const measures = await tally.measures({ seed: 0 });
  t.like(measures, { problems: 2, solutions: 5, numCutOff: 1, numEmpty: 1, numUnscorable: 1 });
  t.like(measures, { problemsUsed: 1, selected: 1, selectedAccuracy: 0, meanScore: 0.625, selectedScore: 0.75 });
  t.is(measures.accuracy.value, 4 / 5);
  t.is(measures.meanTokens, 16 / 5);
  t.is(measures.distinctAnswers, (2 / 4 + 1) / 2);
  t.is(measures.distinctNgrams, 4 / 5, "a problem without a 4-gram has no part in the mean");
});

test("the samples' accuracy has Wilson's interval at least: 20 problems all right are not a certainty", async (t) => {
  const tally = new RoundTally();
  for (let i = 0; i < 20; i++) tally.add([solution(`p${i}`, 0)], [undefined], [0], false);
  const { accuracy } = await tally.measures({ seed: 0 });
  t.is(accuracy.value, 1);
  t.is(accuracy.high, 1);
  // z^2 / (n + z^2) is what 20 of 20 leave.
  t.true(Math.abs((accuracy.low as number) - 20 / (20 + 1.959964 ** 2)) < 1e-6, `${accuracy.low}`);
});

test("without a reward model nothing is unscorable and there are no scores", async (t) => {
  const tally = new RoundTally();
  tally.add([solution("a", 0)], [undefined], [0], false);
  const measures = await tally.measures({ seed: 0 });
  t.like(measures, { numUnscorable: 0, meanScore: null, selectedScore: null, selectedAccuracy: 1 });
  t.is(measures.distinctNgrams, null);
  t.deepEqual(measures.accuracy, { value: 1, low: null, high: null });
});
