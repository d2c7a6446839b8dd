import test from "ava";
import { correctedPValues } from "../../../src/statistics/corrected-p-values.js";

const of = (pValue: number, isFloor = false) => ({ pValue, isFloor });

test("p-values are corrected by Holm, a test that was not made stays null and does not count", (t) => {
  t.deepEqual(correctedPValues([of(0.25), undefined, of(0.0625)]), [
    { pValue: 0.25, correctedPValue: 0.25 },
    { pValue: null, correctedPValue: null },
    { pValue: 0.0625, correctedPValue: 0.125 },
  ]);
  t.deepEqual(correctedPValues([]), []);
});

test("a floor is told, and so is each correction that comes from one", (t) => {
  // Four tests: 4 * 1/128 = 1/32 of the floor is more than 3 * 1/100 of the next, which so has it too.
  t.deepEqual(correctedPValues([of(1 / 100), of(1 / 128, true), of(0.25), of(0.5)]), [
    { pValue: 1 / 100, correctedPValue: 1 / 32, correctedPValueIsFloor: true },
    { pValue: 1 / 128, correctedPValue: 1 / 32, pValueIsFloor: true, correctedPValueIsFloor: true },
    { pValue: 0.25, correctedPValue: 0.5 },
    { pValue: 0.5, correctedPValue: 0.5 },
  ]);
});
