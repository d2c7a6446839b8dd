import test from "ava";
import { discriminationResult } from "../../../src/evaluation/discrimination.js";
import type { CandidatePool } from "../../../src/evaluation/pool.js";

const scores = (last: number) => ({ min: 0.5, last, mean: 0.5, product: 0.5 });

/** [score, outcome] of each candidate of each problem. */
const poolOf = (...problems: [number, 0 | 1][][]): CandidatePool => ({
  models: ["m"],
  problems: problems.map((rows, i) => ({
    problemId: `p${i}`,
    candidates: rows.map(([score, outcome]) => ({ outcome, numSteps: 1, answerGroup: 0, scores: [scores(score)] })),
  })),
});
const settings = { model: "m", aggregate: "last", seed: 0 } as const;

test("a model that only knows which problem is hard has 1/2 within problems and much more overall", async (t) => {
  const pool = poolOf(
    [
      [0.9, 1],
      [0.9, 1],
      [0.9, 1],
      [0.9, 0],
    ],
    [
      [0.1, 1],
      [0.1, 0],
      [0.1, 0],
      [0.1, 0],
    ],
  );
  const { areaWithinProblems, areaOverall, numProblems } = await discriminationResult(pool, settings);
  t.is(areaWithinProblems.value, 0.5);
  // Of 4 x 4 pairs 9 are in order, 1 is not, 6 are ties.
  t.is(areaOverall.value, (9 + 6 / 2) / 16);
  t.is(numProblems, 2);
});

test("the area is the mean of the problems' own shares of pairs in order, ties half", async (t) => {
  const pool = poolOf(
    [
      [0.9, 1],
      [0.2, 0],
      [0.95, 0],
      [0.9, 0],
    ],
    [
      [0.8, 1],
      [0.1, 0],
    ],
    [[0.3, 0]],
    [[0.3, 1]],
  );
  const { areaWithinProblems, numProblems } = await discriminationResult(pool, settings);
  t.is(areaWithinProblems.value, (1.5 / 3 + 1) / 2);
  t.is(numProblems, 2);
  t.true((areaWithinProblems.low as number) <= 0.75 && (areaWithinProblems.high as number) >= 0.75);
});

test("without a problem that has right and wrong candidates there is no area within problems", async (t) => {
  const pool = poolOf([[0.9, 1]], [[0.2, 0]]);
  const result = await discriminationResult(pool, settings);
  t.deepEqual(result.areaWithinProblems, { value: null, low: null, high: null });
  t.is(result.areaOverall.value, 1);
  const right = await discriminationResult(poolOf([[0.9, 1]]), settings);
  t.is(right.areaOverall.value, null);
});

test("a model that the pool does not have is refused by name", async (t) => {
  await t.throwsAsync(discriminationResult(poolOf([[0.9, 1]]), { ...settings, model: "x" }), {
    message: /Expected the model to be one of m, received "x"/,
  });
});
