import test from "ava";
import { lengthResult } from "../../../src/evaluation/lengths.js";
import type { CandidatePool } from "../../../src/evaluation/pool.js";

const scores = (min: number) => ({ min, last: 1 - min, mean: 0.5, product: min });

/** [numSteps, score, outcome] of each candidate of each problem. */
const poolOf = (...problems: [number, number, 0 | 1][][]): CandidatePool => ({
  models: ["other", "m"],
  problems: problems.map((rows, i) => ({
    problemId: `p${i}`,
    candidates: rows.map(([numSteps, score, outcome]) => {
      return { outcome, numSteps, answerGroup: 0, scores: [scores(0.5), scores(score)] };
    }),
  })),
});

const pool = poolOf(
  [
    [1, 0.9, 1],
    [2, 0.8, 1],
    [3, 0.7, 1],
    [4, 0.3, 1],
  ],
  [
    [1, 0.1, 0],
    [2, 0.2, 0],
    [3, 0.3, 0],
    [4, 0.4, 0],
  ],
  [
    [1, 0.95, 1],
    [4, 0.35, 1],
    [1, 0.05, 0],
    [4, 0.45, 0],
  ],
);

test("scores that fall with the length of the right and rise with that of the wrong have correlations -1 and 1", async (t) => {
  const right = poolOf(
    [
      [1, 0.9, 1],
      [2, 0.8, 1],
    ],
    [
      [3, 0.7, 1],
      [1, 0.1, 0],
      [2, 0.2, 0],
    ],
    [
      [9, 0.6, 0],
      [4, 0.01, 1],
    ],
  );
  const result = await lengthResult(right, { model: "m", aggregate: "min", seed: 0, numResamples: 50 });
  t.like(result, { model: "m", aggregate: "min", n: 7 });
  t.is(result.correlationRight.value, -1);
  t.is(result.correlationWrong.value, 1);
  // Pearson's correlation of the ranks, by hand: scores 7 6 5 2 3 4 1 and steps 1.5 3.5 5 1.5 3.5 7 6 (midranks).
  t.true(
    Math.abs((result.correlation.value as number) - -8 / Math.sqrt(28 * 27)) < 1e-12,
    `${result.correlation.value}`,
  );
});

test("another aggregate and another model are other scores; scores that are all equal have no correlation", async (t) => {
  const of = (model: string, aggregate: "min" | "last" | "mean") =>
    lengthResult(pool, { model, aggregate, seed: 0, numResamples: 20 });
  t.is((await of("m", "last")).correlation.value, -((await of("m", "min")).correlation.value as number));
  t.deepEqual((await of("m", "mean")).correlation, { value: null, low: null, high: null });
  t.is((await of("other", "min")).correlation.value, null);
  await t.throwsAsync(of("none", "min"), { message: /model to be one of other, m/ });
});

test("groups hold every candidate once, whole numbers of steps, in order, with their means", async (t) => {
  const of = async (numGroups?: number) =>
    (await lengthResult(pool, { model: "m", aggregate: "min", seed: 0, numResamples: 5, numGroups })).groups;
  t.deepEqual(
    (await of()).map(({ from, to, n }) => [from, to, n]),
    [
      [1, 1, 4],
      [2, 2, 2],
      [3, 3, 2],
      [4, 4, 4],
    ],
  );
  const [first] = await of();
  t.true(Math.abs((first?.meanScore as number) - (0.9 + 0.1 + 0.95 + 0.05) / 4) < 1e-12);
  t.is(first?.accuracy, 0.5);
  t.true((first?.meanScoreInterval?.low as number) < 0.5 && (first?.meanScoreInterval?.high as number) > 0.5);
  t.true((first?.accuracyInterval?.low as number) < 0.2 && (first?.accuracyInterval?.high as number) > 0.8);
  t.deepEqual(
    (await of(2)).map(({ from, to, n }) => [from, to, n]),
    [
      [1, 2, 6],
      [3, 4, 6],
    ],
  );
  t.deepEqual(
    (await of(1)).map(({ from, to, n }) => [from, to, n]),
    [[1, 4, 12]],
  );
});
