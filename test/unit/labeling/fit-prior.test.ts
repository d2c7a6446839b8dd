import test from "ava";
import { CountHistogram, fitPrior } from "../../../src/labeling/fit-prior.js";
import { randomNumbers } from "../../support/random-numbers.js";

/** ln of the beta-binomial likelihood of the counts, up to what does not depend on the prior. */
function logLikelihood(counts: readonly [number, number][], a: number, b: number): number {
  let sum = 0;
  for (const [all, correct] of counts) {
    for (let i = 0; i < correct; i += 1) sum += Math.log(a + i);
    for (let i = 0; i < all - correct; i += 1) sum += Math.log(b + i);
    for (let i = 0; i < all; i += 1) sum -= Math.log(a + b + i);
  }
  return sum;
}

function histogramOf(counts: readonly [number, number][]): CountHistogram {
  const histogram = new CountHistogram();
  for (const [numCompletions, numCorrect] of counts) histogram.add({ numCompletions, numCorrect });
  return histogram;
}

/** Counts of prefixes whose success rates are the values of the quantile function. */
function drawn(random: () => number, rate: (u: number) => number, number: number): [number, number][] {
  return Array.from({ length: number }, (_, i) => {
    const [p, all] = [rate(random()), 4 + (i % 13)];
    return [all, Array.from({ length: all }, () => Number(random() < p)).reduce((sum, one) => sum + one, 0)];
  });
}

test("the fitted prior is where the likelihood of the counts is largest", (t) => {
  const random = randomNumbers(5);
  for (const rate of [(u: number) => u, (u: number) => u ** 4, (u: number) => Number(u < 0.4) * (1 - u / 4)]) {
    const counts = drawn(random, rate, 400);
    const [a, b] = fitPrior(histogramOf(counts));
    const best = logLikelihood(counts, a, b);
    for (const [da, db] of [
      [1.01, 1],
      [0.99, 1],
      [1, 1.01],
      [1, 0.99],
      [1.01, 1.01],
      [0.99, 0.99],
    ] as const) {
      t.true(logLikelihood(counts, a * da, b * db) < best, `(${a}, ${b}) times (${da}, ${db})`);
    }
  }
});

test("the parameters of a beta distribution are found again from many counts", (t) => {
  // u^(1/a) has the distribution Beta(a, 1).
  const [a, b] = fitPrior(histogramOf(drawn(randomNumbers(1), (u) => u ** (1 / 0.3), 20_000)));
  t.true(Math.abs(a / 0.3 - 1) < 0.05, `${a}`);
  t.true(Math.abs(b - 1) < 0.1, `${b}`);
});

test("the fit does not depend on the order of the counts", (t) => {
  const counts = drawn(randomNumbers(9), (u) => u ** 2, 300);
  t.deepEqual(fitPrior(histogramOf(counts.toReversed())), fitPrior(histogramOf(counts)));
});

test("no counts leave Jeffreys' prior; all right and all wrong have the most likely corner of the bounds", (t) => {
  t.deepEqual(fitPrior(histogramOf([])), [0.5, 0.5]);
  const right: [number, number][] = [...Array(50).fill([8, 8]), [1, 1]];
  const wrong = right.map(([all]): [number, number] => [all, 0]);
  t.deepEqual(fitPrior(histogramOf(right)), [1e4, 0.01]);
  t.deepEqual(fitPrior(histogramOf(wrong)), [0.01, 1e4]);
  for (const a of [0.01, 0.5, 187, 1e4]) {
    for (const b of [0.01, 0.5, 20])
      t.true(logLikelihood(right, a, b) <= logLikelihood(right, 1e4, 0.01), `${a}, ${b}`);
  }
});

test("of one completion a prefix the mean is all that is known: the prior has that mean and the weight of one completion", (t) => {
  const [a, b] = fitPrior(histogramOf([...Array(30).fill([1, 1]), ...Array(20).fill([1, 0])]));
  t.true(Math.abs(a - 0.6) < 1e-9 && Math.abs(b - 0.4) < 1e-9, `${a}, ${b}`);
});
