import test from "ava";
import { passAtN, passAtOne } from "../../../src/evaluation/pass-at-n.js";

const outcomes = (M: number, c: number) => Float64Array.from({ length: M }, (_, i) => (i < c ? 1 : 0));

/** 1 - C(M - c, N) / C(M, N) in whole numbers. */
function exactly(M: number, c: number, n: number): number {
  let [numerator, denominator] = [1n, 1n];
  for (let i = 0; i < n; i++) {
    numerator *= BigInt(Math.max(0, M - c - i));
    denominator *= BigInt(M - i);
  }
  return 1 - Number((numerator * 10n ** 20n) / denominator) / 1e20;
}

test("pass@N is the ratio of binomials in whole numbers, up to 10,000 candidates", (t) => {
  for (const [M, c, n] of [
    [5, 2, 2],
    [64, 1, 32],
    [64, 63, 1],
    [1000, 10, 100],
    [10_000, 1, 5_000],
    [10_000, 3, 64],
    [10_000, 9_999, 1],
  ] as const) {
    const [found, expected] = [passAtN(outcomes(M, c), n), exactly(M, c, n)];
    t.true(Math.abs(found - expected) < 1e-11, `${M} ${c} ${n}: ${found}, not ${expected}`);
  }
  t.is(passAtN(outcomes(10, 0), 10), 0);
  t.is(passAtN(outcomes(10, 1), 10), 1);
});

test("pass@1 is the share of right candidates", (t) => {
  t.is(passAtOne(outcomes(8, 3)), 3 / 8);
});
