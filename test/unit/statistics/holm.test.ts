import test from "ava";
import fc from "fast-check";
import { holm } from "../../../src/statistics/holm.js";

test("by hand: p-values are multiplied by what is left, never fall, and never exceed 1", (t) => {
  const near = (found: (number | null)[], expected: (number | null)[]) => {
    t.is(found.length, expected.length);
    for (const [i, value] of expected.entries()) {
      if (value === null) t.is(found[i], null);
      else t.true(Math.abs((found[i] as number) - value) < 1e-15, `${found}`);
    }
  };
  // 0.005 * 4, 0.01 * 3, 0.03 * 2, and 0.04 * 1 raised to the one before.
  near(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
  near(holm([0.5, 0.9, 0.6]), [1, 1, 1]);
  near(holm([0.02, 0.02]), [0.04, 0.04]);
  near(holm([0.04]), [0.04]);
  near(holm([]), []);
  near(holm([null, 0.02, null, 0.03]), [null, 0.04, null, 0.04]);
});

test("rejecting corrected p-values at a level is Holm's procedure, going up until the first that is not small enough", (t) => {
  const pValue = fc.integer({ min: 0, max: 100 }).map((k) => k / 100);
  fc.assert(
    fc.property(fc.array(pValue, { maxLength: 10 }), pValue, (pValues, level) => {
      const corrected = holm(pValues);
      const ascending = [...pValues.keys()].sort((a, b) => (pValues[a] as number) - (pValues[b] as number) || a - b);
      let isRejecting = true;
      for (const [rank, i] of ascending.entries()) {
        if ((pValues.length - rank) * (pValues[i] as number) > level) isRejecting = false;
        // p = 1 is at most 1 whatever it was multiplied by.
        if (level < 1) t.is((corrected[i] as number) <= level, isRejecting);
      }
    }),
  );
});
