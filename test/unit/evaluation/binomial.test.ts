import test from "ava";
import { binomialProbabilities, binomialUpTo } from "../../../src/evaluation/binomial.js";

test("binomial coefficients are whole and exact up to the limit, infinite above", (t) => {
  const row = [1];
  for (let m = 0; m <= 30; m++) {
    for (const [k, value] of row.entries()) t.is(binomialUpTo(m, k, 1e12), value);
    for (let k = m + 1; k > 0; k--) row[k] = (row[k] ?? 0) + (row[k - 1] as number);
  }
  t.is(binomialUpTo(64, 32, 1e6), Number.POSITIVE_INFINITY);
  t.is(binomialUpTo(10_000, 9_999, 1e6), 10_000);
  t.is(binomialUpTo(3, 4, 10), 0);
});

test("probabilities follow the recurrence of the binomial distribution and sum to 1, also far from the middle", (t) => {
  for (const [m, p] of [
    [0, 0.5],
    [1, 0.25],
    [10, 0.3],
    [1024, 0.5],
    [1024, 1 / 1024],
    [10_000, 9_999 / 10_000],
  ] as const) {
    const values = binomialProbabilities(m, p);
    t.is(values.length, m + 1);
    t.true(Math.abs(values.reduce((sum, value) => sum + value, 0) - 1) < 1e-12);
    const mean = values.reduce((sum, value, j) => sum + j * value, 0);
    t.true(Math.abs(mean - m * p) < 1e-9 * Math.max(1, m * p), `${m} ${p}: ${mean}`);
  }
  const four = binomialProbabilities(4, 0.5);
  t.deepEqual(
    [...four].map((value) => value * 16),
    [1, 4, 6, 4, 1],
  );
});
