import test from "ava";
import fc from "fast-check";
import { rankCorrelation, rankCorrelationOf } from "../../../src/statistics/rank-correlation.js";

/** Ranks as counted: how many are smaller, and half of those that are equal. */
const ranks = (values: readonly number[]) =>
  values.map((value) => {
    const smaller = values.filter((other) => other < value).length;
    return smaller + (values.filter((other) => other === value).length + 1) / 2;
  });

function pearson(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const dot = (a: readonly number[], ma: number, b: readonly number[], mb: number) =>
    a.reduce((sum, value, i) => sum + (value - ma) * ((b[i] as number) - mb), 0);
  return dot(x, mx, y, my) / Math.sqrt(dot(x, mx, x, mx) * dot(y, my, y, my));
}

const near = (a: number, b: number) => (Number.isNaN(a) ? Number.isNaN(b) : Math.abs(a - b) < 1e-12);

test("known numbers: ten people's IQ and hours of television have the rank correlation -29/165", (t) => {
  // A textbook example without ties: 1 - 6 * 194 / (10 * 99).
  const iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
  const hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
  t.true(near(rankCorrelation(iq, hours), -29 / 165));
  // With ties, by hand: ranks 1.5 1.5 3 and 1 2 3.
  t.true(near(rankCorrelation([1, 1, 2], [1, 2, 3]), 1.5 / Math.sqrt(1.5 * 2)));
  t.is(rankCorrelation([1, 2, 3], [10, 100, 1000]), 1);
  t.is(rankCorrelation([1, 2, 3], [3, 2, -5]), -1);
});

const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })), { maxLength: 20 });

test("it is Pearson's correlation of the ranks, none where nothing varies", (t) => {
  fc.assert(
    fc.property(pairs, (given) => {
      const [x, y] = [given.map(([a]) => a), given.map(([, b]) => b)];
      const varies = new Set(x).size > 1 && new Set(y).size > 1;
      t.true(near(rankCorrelation(x, y), varies ? pearson(ranks(x), ranks(y)) : Number.NaN));
    }),
  );
});

test("weights that are counts repeat the pairs", (t) => {
  fc.assert(
    fc.property(pairs, fc.array(fc.nat(3), { minLength: 20, maxLength: 20 }), (given, weights) => {
      const [x, y] = [given.map(([a]) => a), given.map(([, b]) => b)];
      const repeated = given.flatMap((pair, i) => Array(weights[i]).fill(pair) as [number, number][]);
      const expected = rankCorrelation(
        repeated.map(([a]) => a),
        repeated.map(([, b]) => b),
      );
      t.true(near(rankCorrelationOf(x, y)(weights), expected));
    }),
  );
});

test("pairs of one owner share its weight", (t) => {
  const [x, y] = [
    [1, 4, 2, 3, 3],
    [2, 1, 1, 5, 4],
  ];
  const owned = rankCorrelationOf(x, y, [0, 1, 0, 1, 2])([2, 1, 0]);
  t.is(owned, rankCorrelationOf(x, y)([2, 1, 2, 1, 0]));
  t.throws(() => rankCorrelationOf(x, y, [0]), { message: /owners to be 5 numbers/ });
});

test("numbers that are none and lengths that differ are named", (t) => {
  t.throws(() => rankCorrelation([1, Number.NaN], [1, 2]), { message: /x\[1\] to be a finite number/ });
  t.throws(() => rankCorrelation([1], [1, 2]), { message: /y to be 1 numbers/ });
});
