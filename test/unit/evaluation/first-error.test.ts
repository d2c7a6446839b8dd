import test from "ava";
import { firstErrorResults } from "../../../src/evaluation/first-error.js";
import { firstErrorF1, predictFirstError } from "../../../src/evaluation/first-error-f1.js";
import type { FirstErrorCase } from "../../../src/evaluation/pool.js";
import type { Estimate } from "../../../src/statistics/bootstrap.js";
import { randomStream } from "../../../src/statistics/random.js";

/** ProcessBench's evaluation, written from its definition: labels, predictions, matches, two accuracies, F1. */
function processBench(cases: readonly FirstErrorCase[], threshold: number) {
  const matches = cases.map(({ firstWrong, stepScores }) => {
    const prediction = stepScores.findIndex((score) => score < threshold);
    return { label: firstWrong, match: prediction === firstWrong };
  });
  const share = (some: { match: boolean }[]) => some.filter(({ match }) => match).length / some.length;
  const a = share(matches.filter(({ label }) => label !== -1));
  const b = share(matches.filter(({ label }) => label === -1));
  return { a, b, f1: a + b === 0 ? 0 : (2 * a * b) / (a + b) };
}

/** Scores fall at the first wrong step, more often than not. */
function made(numCases: number, seed: number): FirstErrorCase[] {
  const draw = randomStream(seed, "cases");
  return Array.from({ length: numCases }, (_, i) => {
    const numSteps = 1 + draw(6);
    const firstWrong = draw(2) === 0 ? -1 : draw(numSteps);
    const stepScores = Array.from({ length: numSteps }, (_, s) => {
      const isWrong = firstWrong >= 0 && s >= firstWrong;
      return ((isWrong ? 0 : 30) + draw(70)) / 100;
    });
    return { problemId: `p${Math.floor(i / 2)}`, firstWrong, stepScores };
  });
}

test("the prediction is the first step below the threshold, a score at it is not below, none is -1", (t) => {
  t.is(predictFirstError([0.9, 0.4, 0.1], 0.5), 1);
  t.is(predictFirstError([0.9, 0.5, 0.1], 0.5), 2);
  t.is(predictFirstError([0.9, 0.5], 0.5), -1);
  t.is(predictFirstError([0.1], 0.5), 0);
});

test("F1 is the harmonic mean of the two accuracies, 0 where both are 0, and no number where one is none", (t) => {
  t.is(firstErrorF1(1, 1), 1);
  t.is(firstErrorF1(0.5, 1), 2 / 3);
  t.is(firstErrorF1(0, 1), 0);
  t.is(firstErrorF1(0, 0), 0);
  t.is(firstErrorF1(Number.NaN, 0.5), Number.NaN);
});

test("five solutions by hand: 1 of 3 wrong steps found, 1 of 2 right solutions, F1 = 0.4", async (t) => {
  const cases: FirstErrorCase[] = [
    { problemId: "a", firstWrong: 1, stepScores: [0.9, 0.2, 0.8] },
    // Found too early, which is wrong, and not at all.
    { problemId: "b", firstWrong: 1, stepScores: [0.3, 0.2] },
    { problemId: "c", firstWrong: 0, stepScores: [0.6] },
    { problemId: "d", firstWrong: -1, stepScores: [0.5, 0.9] },
    { problemId: "e", firstWrong: -1, stepScores: [0.5, 0.49] },
  ];
  const [result, ...others] = await firstErrorResults("m", [{ data: "gsm8k", cases }], { seed: 0, threshold: 0.5 });
  t.is(others.length, 0);
  t.like(result, { model: "m", data: "gsm8k", threshold: 0.5, thresholdFrom: "given", numThresholdSolutions: 0 });
  t.like(result, { numWrong: 3, numRight: 2 });
  t.is(result?.accuracyWrong.value, 1 / 3);
  t.is(result?.accuracyRight.value, 1 / 2);
  t.true(Math.abs((result?.f1.value as number) - 0.4) < 1e-15);
});

test("accuracies and F1 are ProcessBench's for any threshold, inside their intervals", async (t) => {
  const cases = made(200, 1);
  for (const threshold of [0.1, 0.33, 0.5, 0.9]) {
    const [result] = await firstErrorResults("m", [{ data: "d", cases }], { seed: 0, threshold, numResamples: 200 });
    const { a, b, f1 } = processBench(cases, threshold);
    t.deepEqual([result?.accuracyWrong.value, result?.accuracyRight.value, result?.f1.value], [a, b, f1]);
    t.true((result?.f1.low as number) < f1 && f1 < (result?.f1.high as number));
  }
});

test("a threshold of one's own data is chosen on some problems and judged on the others, each whole", async (t) => {
  const cases = made(400, 2);
  const [result] = await firstErrorResults("m", [{ data: "d", cases }], { seed: 5, numResamples: 20 });
  if (!result) throw new Error("no result");
  t.is(result.thresholdFrom, "split");
  t.is(result.numThresholdSolutions + result.numWrong + result.numRight, 400);
  t.true(Math.abs(result.numThresholdSolutions - 200) < 60);
  // Two solutions a problem, never parted.
  t.is(result.numThresholdSolutions % 2, 0);
  // Whatever part it is, no other threshold is better on the part it was chosen on; so it is near the best on the rest.
  const best = Math.max(...Array.from({ length: 101 }, (_, i) => processBench(cases, i / 100).f1));
  t.true(processBench(cases, result.threshold).f1 > best - 0.05);
  const [again] = await firstErrorResults("m", [{ data: "d", cases: [...cases].reverse() }], {
    seed: 5,
    numResamples: 20,
  });
  t.is(again?.threshold, result.threshold);
  t.is(again?.f1.value, result.f1.value);
});

test("several data sets share one threshold and have an unweighted mean", async (t) => {
  const sets = [
    { data: "x", cases: made(100, 3) },
    { data: "y", cases: made(300, 4) },
  ];
  const results = await firstErrorResults("m", sets, { seed: 0, numResamples: 50 });
  t.deepEqual(
    results.map(({ data }) => data),
    ["x", "y", "mean"],
  );
  t.is(new Set(results.map(({ threshold }) => threshold)).size, 1);
  const [x, y, mean] = results.map(({ f1 }) => f1.value as number) as [number, number, number];
  t.true(Math.abs(mean - (x + y) / 2) < 1e-15);
  t.is(results[2]?.numWrong, (results[0]?.numWrong ?? 0) + (results[1]?.numWrong ?? 0));
  t.true((results[2]?.f1.low as number) < mean && mean < (results[2]?.f1.high as number));
});

test("two solutions, neither found, have F1 0 with an interval that says how little that is", async (t) => {
  const cases: FirstErrorCase[] = [
    { problemId: "a", firstWrong: 0, stepScores: [0.8] },
    { problemId: "b", firstWrong: -1, stepScores: [0.2] },
  ];
  const [result] = await firstErrorResults("m", [{ data: "d", cases }], { seed: 0, threshold: 0.5, numResamples: 50 });
  // Wilson's bound of 0 of 1: z^2 / (1 + z^2); F1 of two such shares is the same.
  const high = 1.959963984540054 ** 2 / (1 + 1.959963984540054 ** 2);
  for (const { value, low, ...bound } of [result?.accuracyWrong, result?.accuracyRight, result?.f1] as Estimate[]) {
    t.deepEqual([value, low], [0, 0]);
    t.true(Math.abs((bound.high as number) - high) < 1e-12);
  }
});

test("too few solutions to choose a threshold: the default on all of them, and that is said", async (t) => {
  const cases: FirstErrorCase[] = [
    { problemId: "a", firstWrong: 0, stepScores: [0.2] },
    { problemId: "b", firstWrong: -1, stepScores: [0.8] },
  ];
  const [result] = await firstErrorResults("m", [{ data: "d", cases }], { seed: 0, numResamples: 10 });
  t.like(result, { threshold: 0.5, thresholdFrom: "default", numThresholdSolutions: 0, numWrong: 1, numRight: 1 });
  t.is(result?.f1.value, 1);
});

test("without solutions of one kind its accuracy and F1 have no value", async (t) => {
  const cases = [{ problemId: "a", firstWrong: 0, stepScores: [0.2] }];
  const [result] = await firstErrorResults("m", [{ data: "d", cases }], { seed: 0, threshold: 0.5 });
  t.deepEqual([result?.accuracyWrong.value, result?.accuracyRight.value, result?.f1.value], [1, null, null]);
});

test("a first wrong step that is no step and scores that are no numbers are named", async (t) => {
  const wrong: [FirstErrorCase, RegExp][] = [
    [{ problemId: "a", firstWrong: 1, stepScores: [0.2] }, /d\[0\]\.firstWrong/],
    [{ problemId: "a", firstWrong: -2, stepScores: [0.2] }, /d\[0\]\.firstWrong/],
    [{ problemId: "a", firstWrong: 0, stepScores: [Number.NaN] }, /d\[0\]\.stepScores\[0\]/],
  ];
  for (const [one, message] of wrong) {
    await t.throwsAsync(firstErrorResults("m", [{ data: "d", cases: [one] }], { seed: 0 }), { message });
  }
});
