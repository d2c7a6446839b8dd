import test from "ava";
import { calibrationResult } from "../../../src/evaluation/reliability.js";
import { measureWithIntervals } from "../../../src/statistics/intervals.js";

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

test("no prefixes have no bins and no values", async (t) => {
  const none = { scores: [], successRates: [], problemIds: [] };
  const result = await calibrationResult("m", none, { seed: 0 });
  t.deepEqual([result.n, result.bins, result.brierScore.value], [0, [], null]);
});
