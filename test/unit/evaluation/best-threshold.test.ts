import test from "ava";
import fc from "fast-check";
import { bestThreshold } from "../../../src/evaluation/best-threshold.js";
import { firstErrorF1, predictFirstError } from "../../../src/evaluation/first-error-f1.js";
import type { FirstErrorCase } from "../../../src/evaluation/pool.js";

const score = fc.integer({ min: 0, max: 8 }).map((k) => k / 8);
const oneCase = (isWrong: boolean) =>
  fc.array(score, { minLength: 1, maxLength: 5 }).chain((stepScores) =>
    fc.nat(stepScores.length - 1).map((step): FirstErrorCase => {
      return { problemId: "p", firstWrong: isWrong ? step : -1, stepScores };
    }),
  );
const cases = fc
  .tuple(
    fc.array(oneCase(true), { minLength: 1, maxLength: 8 }),
    fc.array(oneCase(false), { minLength: 1, maxLength: 8 }),
  )
  .map(([wrong, right]) => [...wrong, ...right]);

function f1(all: readonly FirstErrorCase[], threshold: number): number {
  const share = (some: readonly FirstErrorCase[]) =>
    some.filter(({ stepScores, firstWrong }) => predictFirstError(stepScores, threshold) === firstWrong).length /
    some.length;
  return firstErrorF1(share(all.filter((one) => one.firstWrong >= 0)), share(all.filter((one) => one.firstWrong < 0)));
}
const meanF1 = (sets: readonly FirstErrorCase[][], threshold: number) =>
  sets.reduce((sum, all) => sum + f1(all, threshold), 0) / sets.length;

test("no threshold at all has a better mean F1", (t) => {
  fc.assert(
    fc.property(fc.array(cases, { minLength: 1, maxLength: 3 }), (sets) => {
      const found = meanF1(sets, bestThreshold(sets));
      for (let k = -1; k <= 17; k++) t.true(found >= meanF1(sets, k / 16) - 1e-12);
    }),
    { numRuns: 300 },
  );
});

test("it is the middle of the widest range that is as good", (t) => {
  const all: FirstErrorCase[] = [
    { problemId: "a", firstWrong: 0, stepScores: [0.2] },
    { problemId: "b", firstWrong: -1, stepScores: [0.8] },
  ];
  t.is(bestThreshold([all]), 0.5);
  // Nothing can be found: the wrong step has a higher score than the one before it. All of 0 .. 1 is as bad.
  t.is(bestThreshold([[{ problemId: "a", firstWrong: 1, stepScores: [0.5, 0.5] }, all[1] as FirstErrorCase]]), 0.4);
});

test("it lies above the score of the step it finds, also where the range has no number inside", (t) => {
  const above = 0.5 + 2 ** -53;
  const sets: FirstErrorCase[][] = [
    [
      { problemId: "a", firstWrong: 0, stepScores: [0.5] },
      { problemId: "b", firstWrong: -1, stepScores: [above] },
    ],
  ];
  t.is(f1(sets[0] as FirstErrorCase[], bestThreshold(sets)), 1);
});
