import test from "ava";
import { doublingScale, linearScale, niceTicks } from "../../../src/report/charts/scale.js";

const span = { from: 0, to: 100 };

test("ticks are round numbers in the range", (t) => {
  t.deepEqual(niceTicks(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  t.deepEqual(niceTicks(0.1, 0.32), [0.1, 0.15, 0.2, 0.25, 0.3]);
  t.deepEqual(niceTicks(0, 2400), [0, 500, 1000, 1500, 2000]);
});

test("a linear scale is widened to ticks, but not out of its bounds", (t) => {
  const scale = linearScale([0.52, 0.97], span, [0, 1]);
  t.deepEqual([scale.low, scale.high], [0.5, 1]);
  t.is(scale.place(0.5), 0);
  t.is(scale.place(1), 100);
  t.is(scale.place(0.75), 50);
});

test("a single value has a place", (t) => {
  for (const value of [0, 1, 5, -3]) {
    const at = linearScale([value], span).place(value);
    t.true(at >= 0 && at <= 100, `${value}`);
  }
  t.is(doublingScale([4], span).place(4), 50);
  t.true(Number.isFinite(linearScale([3, 3], span, [3, 3]).place(3)));
});

test("on a doubling scale each doubling takes the same room", (t) => {
  const scale = doublingScale([1, 2, 4, 8, 8, 16], span);
  t.deepEqual(scale.ticks, [1, 2, 4, 8, 16]);
  t.deepEqual(scale.ticks.map(scale.place), [0, 25, 50, 75, 100]);
});
