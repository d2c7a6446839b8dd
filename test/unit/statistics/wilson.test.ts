import test from "ava";
import { wilson } from "../../../src/statistics/wilson.js";

test("the Wilson interval agrees with published values", (t) => {
  // R: binom::binom.wilson(c(0, 5, 10, 81), c(10, 10, 10, 263))
  const published: [number, number, number, number][] = [
    [0, 10, 0, 0.2775328],
    [5, 10, 0.2365931, 0.7634069],
    [10, 10, 0.7224672, 1],
    [81, 263, 0.2552721, 0.366174],
  ];
  for (const [successes, n, low, high] of published) {
    const interval = wilson(successes, n);
    t.true(Math.abs((interval?.low as number) - low) < 1e-3, `low of ${successes}/${n}: ${interval?.low}`);
    t.true(Math.abs((interval?.high as number) - high) < 1e-3, `high of ${successes}/${n}: ${interval?.high}`);
  }
});

test("the bounds solve the score equation |p - bound| = z sqrt(bound (1 - bound) / n)", (t) => {
  for (const [successes, n] of [
    [3, 17],
    [100, 320],
    [1, 1000],
  ] as const) {
    const { value, low, high } = wilson(successes, n) as NonNullable<ReturnType<typeof wilson>>;
    for (const bound of [low, high]) {
      const distance = 1.959963984540054 * Math.sqrt((bound * (1 - bound)) / n);
      t.true(Math.abs(Math.abs(value - bound) - distance) < 1e-12);
    }
  }
});

test("no trials have no interval", (t) => {
  t.is(wilson(0, 0), undefined);
});
