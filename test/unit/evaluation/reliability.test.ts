import test from "ava";
import { calibrationResult } from "../../../src/evaluation/reliability.js";
import { measureWithIntervals } from "../../../src/statistics/intervals.js";
import { wilson } from "../../../src/statistics/wilson.js";

const prefixes = {
  scores: Array.from({ length: 60 }, (_, i) => ((7 * i) % 60) / 60),
  successRates: Array.from({ length: 60 }, (_, i) => ((7 * i) % 60 < 30 ? 0.25 : 0.75)),
  problemIds: Array.from({ length: 60 }, (_, i) => `p${i % 12}`),
};

test("calibration is the measures with their intervals, and bins that hold every prefix once", async (t) => {
  const options = { seed: 1, numResamples: 50, numBins: 4 };
  const result = await calibrationResult("m", prefixes, options);
  const measures = await measureWithIntervals(prefixes, options);
  t.like(result, { model: "m", n: 60, numProblems: 12, brierScore: measures.brierScore });
  t.deepEqual(result.calibrationError, measures.calibrationError);
  t.deepEqual(result.constantBrierScore, measures.constantBrierScore);
  t.deepEqual(result.areaUnderCurve, measures.areaUnderCurve);
  t.deepEqual(
    result.bins.map(({ n, meanSuccessRate }) => [n, meanSuccessRate]),
    [
      [15, 0.25],
      [15, 0.25],
      [15, 0.75],
      [15, 0.75],
    ],
  );
  t.true(result.bins.every(({ low, high, meanScore }) => low <= meanScore && meanScore <= high));
});

test("the means of a bin have the intervals of means over problems, and a bin of one problem has none", async (t) => {
  const options = { seed: 1, numResamples: 200, numBins: 2 };
  const scores = [0.1, 0.2, 0.1, 0.2, 0.9, 0.9];
  const given = { scores, successRates: [0, 0, 0, 0, 1, 0.5], problemIds: ["a", "a", "b", "b", "c", "c"] };
  const { bins } = await calibrationResult("m", given, options);
  t.deepEqual(
    bins.map(({ n }) => n),
    [4, 2],
  );
  // Each problem's mean score is 0.15; two problems that are never right are Wilson's 0 of 2.
  t.true(Math.abs((bins[0]?.meanScoreInterval?.low as number) - 0.15) < 1e-12);
  t.true(Math.abs((bins[0]?.meanScoreInterval?.high as number) - 0.15) < 1e-12);
  t.is(bins[0]?.meanSuccessRateInterval?.low, 0);
  t.true(Math.abs((bins[0]?.meanSuccessRateInterval?.high as number) - (wilson(0, 2)?.high as number)) < 1e-12);
  t.deepEqual(bins[1]?.meanScoreInterval, { low: null, high: null });
  t.deepEqual(bins[1]?.meanSuccessRateInterval, { low: null, high: null });
});

test("no prefixes have no bins and no values", async (t) => {
  const none = { scores: [], successRates: [], problemIds: [] };
  const result = await calibrationResult("m", none, { seed: 0 });
  t.deepEqual([result.n, result.bins, result.brierScore.value], [0, [], null]);
});
