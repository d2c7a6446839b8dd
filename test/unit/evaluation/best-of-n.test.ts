import test from "ava";
import { bestOfNAccuracy, chanceOfBeingBest, outcomesByRank } from "../../../src/evaluation/best-of-n.js";

test("the chances of the ranks sum to 1, also for 10,000 candidates", (t) => {
  for (const [M, n] of [
    [1, 1],
    [8, 3],
    [64, 64],
    [10_000, 1],
    [10_000, 2],
    [10_000, 5_000],
    [10_000, 10_000],
  ] as const) {
    const chances = chanceOfBeingBest(M, n);
    const total = chances.reduce((sum, chance) => sum + chance, 0);
    t.true(Math.abs(total - 1) < 1e-11, `${M} ${n}: ${total}`);
    t.is(chances[M - 1], n / M);
    t.true(chances.every((chance, i) => chance >= 0 && (i + 1 >= n || chance === 0)));
  }
});

test("best-of-1 is the mean outcome and best-of-M the outcome of the highest score", (t) => {
  const scores = Float64Array.of(0.3, 0.9, 0.1, 0.5);
  const outcomes = Float64Array.of(1, 0, 1, 1);
  const ranked = outcomesByRank(scores, outcomes);
  t.deepEqual([...ranked], [1, 1, 1, 0]);
  t.is(bestOfNAccuracy(ranked, chanceOfBeingBest(4, 1)), 0.75);
  t.is(bestOfNAccuracy(ranked, chanceOfBeingBest(4, 4)), 0);
});

test("candidates with one score share their mean outcome", (t) => {
  const ranked = outcomesByRank(Float64Array.of(0.5, 0.2, 0.5, 0.5, 0.2), Float64Array.of(1, 1, 0, 0, 0));
  t.deepEqual([...ranked], [0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]);
});

test("scores that are equal but for rounding tie, whatever their size; those that differ more do not", (t) => {
  const mean = (steps: number[]) => steps.reduce((sum, score) => sum + score, 0) / steps.length;
  const product = (steps: number[]) => steps.reduce((all, score) => all * score, 1);
  const steps = [0.1, 0.2, 0.3];
  for (const how of [mean, product, (all: number[]) => 1e-200 * mean(all)]) {
    const scores = Float64Array.of(how(steps), how(steps.toReversed()), how([0.3, 0.1, 0.2]));
    t.true(new Set(scores).size > 1);
    t.deepEqual([...outcomesByRank(scores, Float64Array.of(1, 0, 0))], [1 / 3, 1 / 3, 1 / 3]);
  }
  // A chain of neighbours that tie is one tie, and so it does not matter which one is looked at first.
  const chain = Float64Array.from([3, 1, 0, 2], (k) => 0.5 * (1 + 0.8e-12 * k));
  t.deepEqual([...outcomesByRank(chain, Float64Array.of(1, 0, 0, 0))], [0.25, 0.25, 0.25, 0.25]);
  t.deepEqual([...outcomesByRank(Float64Array.of(0.5, 0.5 * (1 + 1e-9), 0), Float64Array.of(0, 1, 0.5))], [0.5, 0, 1]);
  t.deepEqual([...outcomesByRank(Float64Array.of(0, 1e-300, 0), Float64Array.of(0, 1, 1))], [0.5, 0.5, 1]);
});

test("scores that order by outcome reach pass@N, reversed ones the chance that all are right", (t) => {
  const outcomes = Float64Array.from({ length: 10 }, (_, i) => (i < 4 ? 1 : 0));
  const rising = outcomesByRank(Float64Array.from(outcomes), outcomes);
  const falling = outcomesByRank(
    outcomes.map((outcome) => 1 - outcome),
    outcomes,
  );
  // C(6, 3) / C(10, 3) = 20 / 120 and C(4, 3) / C(10, 3) = 4 / 120
  t.true(Math.abs(bestOfNAccuracy(rising, chanceOfBeingBest(10, 3)) - 100 / 120) < 1e-15);
  t.true(Math.abs(bestOfNAccuracy(falling, chanceOfBeingBest(10, 3)) - 4 / 120) < 1e-15);
});
