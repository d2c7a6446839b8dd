import test from "ava";
import { boundsOfF1, boundsOfMean } from "../../../src/evaluation/combined-bounds.js";

const share = (value: number, low: number, high: number) => ({ value, low, high });

test("by hand: a share that is known leaves F1 at the bounds of the other", (t) => {
  const { low, high } = boundsOfF1(share(0.5, 0.25, 1), share(0.5, 0.5, 0.5));
  t.true(Math.abs((low as number) - (2 * 0.25 * 0.5) / 0.75) < 1e-12);
  t.true(Math.abs((high as number) - (2 * 0.5) / 1.5) < 1e-12);
});

test("by hand: the distances of two shares add like independent errors", (t) => {
  // F1 = 1/2; each alone at 1/4 has F1 1/3, a distance of 1/6; at 1 it has 2/3, 1/6 as well.
  const { low, high } = boundsOfF1(share(0.5, 0.25, 1), share(0.5, 0.25, 1));
  t.true(Math.abs((low as number) - (0.5 - Math.SQRT2 / 6)) < 1e-12);
  t.true(Math.abs((high as number) - (0.5 + Math.SQRT2 / 6)) < 1e-12);
});

test("an F1 of 0 has a high bound: of one accuracy 0 by that one, of both by both", (t) => {
  t.deepEqual(boundsOfF1(share(0, 0, 0.5), share(0.5, 0.5, 0.5)), { low: 0, high: 0.5 });
  t.deepEqual(boundsOfF1(share(0, 0, 0.75), share(0, 0, 0.75)), { low: 0, high: 0.75 });
});

test("a mean of two has their distances as independent errors, halved; none without bounds", (t) => {
  const { low, high } = boundsOfMean([share(0.5, 0.2, 0.6), share(0.7, 0.3, 0.7)]);
  t.true(Math.abs((low as number) - (0.6 - 0.25)) < 1e-12);
  t.true(Math.abs((high as number) - (0.6 + 0.05)) < 1e-12);
  t.deepEqual(boundsOfMean([share(0.5, 0.2, 0.6), { value: 0.5, low: null, high: null }]), { low: null, high: null });
  t.deepEqual(boundsOfF1({ value: null, low: null, high: null }, share(1, 0.5, 1)), { low: null, high: null });
});
