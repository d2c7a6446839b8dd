import test from "ava";
import { largestDifference } from "../../bench/largest-difference.js";

test("scores that are missing, too many or no numbers are infinitely far away", (t) => {
  t.is(largestDifference([0.5], [0.5, 0.5]), Number.POSITIVE_INFINITY);
  t.is(largestDifference([0.5, 0.5], [0.5]), Number.POSITIVE_INFINITY);
  t.is(largestDifference([0.5, Number.NaN], [0.5, 0.5]), Number.POSITIVE_INFINITY);
  t.is(largestDifference([0.5, 0.25, 1], [0.5, 0.5, 0.875]), 0.25);
  t.is(largestDifference([0.5], [0.5]), 0);
});
