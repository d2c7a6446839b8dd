import test from "ava";
import fc from "fast-check";
import { calibrationError, calibrationTable } from "../../../src/statistics/calibration.js";
import { measure, type ScoredPrefixes, sortPrefixes } from "../../../src/statistics/measures.js";

const share = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.integer({ min: 0, max: 4 }).map((k) => k / 4),
);
const prefixes = fc
  .array(fc.tuple(share, share, fc.integer({ min: 1, max: 16 })), { minLength: 1, maxLength: 40 })
  .map((all) => ({
    scores: all.map(([score]) => score),
    successRates: all.map(([, rate]) => rate),
    weights: all.map(([, , weight]) => weight),
  }));
type Given = { scores: number[]; successRates: number[]; weights: number[] };

const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
const mean = ({ scores, successRates, weights }: Given, value: (s: number, p: number) => number) =>
  sum(scores.map((s, i) => (weights[i] as number) * value(s, successRates[i] as number))) / sum(weights);

/** Every pair of a right and a wrong one, straight from the definition. */
function naiveArea({ scores, successRates, weights }: Given): number {
  let [ordered, pairs] = [0, 0];
  for (const [i, right] of scores.entries()) {
    for (const [j, wrong] of scores.entries()) {
      const w = (weights[i] as number) * (weights[j] as number);
      const mass = w * (successRates[i] as number) * (1 - (successRates[j] as number));
      pairs += mass;
      ordered += mass * (right > wrong ? 1 : right === wrong ? 0.5 : 0);
    }
  }
  return ordered / pairs;
}

/** Bins from the definition: prefix by prefix, each run of equal scores closing what it fills. */
function naiveCalibrationError({ scores, successRates, weights }: Given, numBins: number): number {
  const total = sum(weights);
  const distinct = [...new Set(scores)].sort((a, b) => a - b);
  const bins = new Map<number, number[]>();
  let closed = 0;
  let open = 0;
  for (const score of distinct) {
    const members = [...scores.keys()].filter((i) => scores[i] === score);
    bins.set(open, [...(bins.get(open) ?? []), ...members]);
    const upTo = sum([...scores.keys()].filter((i) => (scores[i] as number) <= score).map((i) => weights[i] as number));
    const full = Math.floor((upTo / total) * numBins + 1e-9);
    if (full > closed) {
      closed = full;
      open += 1;
    }
  }
  return sum(
    [...bins.values()].map((members) => {
      const mass = sum(members.map((i) => weights[i] as number));
      const score = sum(members.map((i) => (weights[i] as number) * (scores[i] as number))) / mass;
      const rate = sum(members.map((i) => (weights[i] as number) * (successRates[i] as number))) / mass;
      return (mass / total) * Math.abs(score - rate);
    }),
  );
}

const near = (a: number | null, b: number) => (a === null ? !Number.isFinite(b) : Math.abs(a - b) < 1e-9);

test("Brier score, cross-entropy and the constant's Brier score are their definitions", (t) => {
  fc.assert(
    fc.property(prefixes, (given) => {
      const found = measure(given);
      const clip = (s: number) => Math.min(Math.max(s, 2 ** -25), 1 - 2 ** -25);
      const rate = mean(given, (_, p) => p);
      t.is(found.n, given.scores.length);
      t.true(
        near(
          found.brierScore,
          mean(given, (s, p) => p * (1 - s) ** 2 + (1 - p) * s ** 2),
        ),
      );
      t.true(near(found.constantBrierScore, rate * (1 - rate)));
      t.true(
        near(
          found.crossEntropy,
          mean(given, (s, p) => -p * Math.log(clip(s)) - (1 - p) * Math.log(1 - clip(s))),
        ),
      );
      t.true(
        near(
          found.meanScore,
          mean(given, (s) => s),
        ),
      );
      t.true(near(found.meanSuccessRate, rate));
    }),
  );
});

test("the area under the curve is the share of ordered pairs of a right and a wrong one, ties half", (t) => {
  fc.assert(fc.property(prefixes, (given) => t.true(near(measure(given).areaUnderCurve, naiveArea(given)))));
  const hard = { scores: [0.1, 0.4, 0.35, 0.8], successRates: [0, 0, 1, 1] };
  t.is(measure(hard).areaUnderCurve, 0.75);
});

test("the calibration error is the mass-weighted distance of score and rate over bins of equal mass", (t) => {
  fc.assert(
    fc.property(prefixes, fc.integer({ min: 1, max: 12 }), (given, numBins) => {
      t.true(near(measure(given, { numBins }).calibrationError, naiveCalibrationError(given, numBins)));
    }),
  );
});

test("the calibration table has every prefix once, no score in two bins, and bins of equal mass where scores differ", (t) => {
  fc.assert(
    fc.property(prefixes, fc.integer({ min: 1, max: 12 }), (given, numBins) => {
      const table = calibrationTable(sortPrefixes(given), numBins);
      t.is(sum(table.map(({ n }) => n)), given.scores.length);
      t.true(table.length <= numBins);
      for (const [b, { low, high }] of table.entries()) {
        t.true(low <= high);
        t.true(b === 0 || (table[b - 1]?.high ?? 0) < low);
      }
    }),
  );
  const even = { scores: Array.from({ length: 1000 }, (_, i) => i / 1000), successRates: new Array(1000).fill(0.5) };
  t.deepEqual(
    calibrationTable(sortPrefixes(even), 10).map(({ n }) => n),
    new Array(10).fill(100),
  );
  t.true(Number.isNaN(calibrationError([])));
});

test("the measures do not depend on the order of the prefixes", (t) => {
  fc.assert(
    fc.property(prefixes, (given) => {
      const backwards = {
        scores: [...given.scores].reverse(),
        successRates: [...given.successRates].reverse(),
        weights: [...given.weights].reverse(),
      };
      const [one, other] = [measure(given), measure(backwards)];
      for (const [name, value] of Object.entries(one)) {
        const counterpart = other[name as keyof typeof other];
        t.true(value === null ? counterpart === null : near(value, counterpart as number), name);
      }
    }),
  );
});

test("a prefix of weight k counts as k prefixes", (t) => {
  const weighted = measure({ scores: [0.2, 0.9, 0.6], successRates: [0.5, 1, 0.25], weights: [2, 1, 3] });
  const repeated = measure({
    scores: [0.2, 0.2, 0.9, 0.6, 0.6, 0.6],
    successRates: [0.5, 0.5, 1, 0.25, 0.25, 0.25],
  });
  for (const name of ["brierScore", "areaUnderCurve", "calibrationError", "crossEntropy"] as const) {
    t.true(near(weighted[name], repeated[name] as number), name);
  }
});

test("a constant score has the constant's Brier score, an area of one half, and no advantage", (t) => {
  const successRates = [0, 0.25, 1, 0.5];
  const found = measure({ scores: successRates.map(() => 0.4375), successRates });
  t.is(found.brierScore, found.constantBrierScore);
  t.is(found.areaUnderCurve, 0.5);
  t.is(found.calibrationError, 0);
});

test("what has no value is null: no prefixes, and an area without wrong ones", (t) => {
  const none = measure({ scores: [], successRates: [] });
  t.deepEqual([none.n, none.brierScore, none.areaUnderCurve, none.calibrationError], [0, null, null, null]);
  const right = measure({ scores: [0.2, 0.8], successRates: [1, 1] });
  t.is(right.areaUnderCurve, null);
  t.not(right.brierScore, null);
});

test("a certain score that is wrong has a large cross-entropy, not an infinite one", (t) => {
  const { crossEntropy } = measure({ scores: [0, 1], successRates: [1, 0] });
  t.true(Math.abs((crossEntropy ?? 0) - 25 * Math.LN2) < 1e-6);
});

test("numbers out of range and arrays of other lengths are named", (t) => {
  const wrong: [ScoredPrefixes, RegExp][] = [
    [{ scores: [0.5, Number.NaN], successRates: [1, 1] }, /scores\[1\]/],
    [{ scores: [1.5], successRates: [1] }, /scores\[0\]/],
    [{ scores: [0.5], successRates: [-1] }, /successRates\[0\]/],
    [{ scores: [0.5], successRates: [] }, /successRates to be 1 numbers/],
    [{ scores: [0.5], successRates: [1], weights: [-1] }, /weights\[0\]/],
    [{ scores: [0.5], successRates: [1], weights: [] }, /weights to be 1 numbers/],
  ];
  for (const [given, message] of wrong) t.throws(() => measure(given), { message });
  t.throws(() => measure({ scores: [0.5], successRates: [1] }, { numBins: 0 }), { message: /number of bins/ });
});
