import test from "ava";
import { methodResults } from "../../../src/evaluation/accuracy.js";
import type { AccuraciesAtN } from "../../../src/evaluation/methods.js";

const at = (numCandidates: number, ...rows: number[][]): AccuraciesAtN => ({
  numCandidates,
  problemIds: (rows[0] ?? []).map((_, i) => `p${i}`),
  methods: rows.map((row, i) => ({
    method: i === 0 ? { rule: "majority" } : { rule: "best-of-n", model: `m${i}`, aggregate: "min" },
    computation: i === 0 ? "exact" : "resampled",
    accuracies: Float64Array.from(row),
  })),
});

test("each method has a point at each N: the mean over that N's problems, inside its interval, with n and the computation", async (t) => {
  const results = await methodResults([at(1, [0, 1, 1, 0.5], [1, 1, 0, 0]), at(4, [0.25, 0.75], [1, 0])], { seed: 0 });
  t.deepEqual(
    results.map(({ method }) => method.model),
    [undefined, "m1"],
  );
  const points = results.flatMap((result) => result.points);
  t.deepEqual(
    points.map(({ numCandidates, numProblems }) => [numCandidates, numProblems]),
    [
      [1, 4],
      [4, 2],
      [1, 4],
      [4, 2],
    ],
  );
  t.deepEqual(
    points.map(({ accuracy }) => accuracy.value),
    [0.625, 0.5, 0.5, 0.5],
  );
  t.deepEqual(
    points.map(({ computation }) => computation),
    ["exact", "exact", "resampled", "resampled"],
  );
  for (const { accuracy } of points) {
    const { value, low, high } = accuracy as { value: number; low: number; high: number };
    t.true(low < value && value < high && low >= 0 && high <= 1);
  }
});

test("an N with one problem has no interval, an N with none has no value", async (t) => {
  const [result] = await methodResults([at(1, [0.5]), at(2, [])], { seed: 0 });
  t.deepEqual(
    result?.points.map(({ accuracy }) => accuracy),
    [
      { value: 0.5, low: null, high: null },
      { value: null, low: null, high: null },
    ],
  );
});

test("no Ns have no results", async (t) => {
  t.deepEqual(await methodResults([], { seed: 0 }), []);
});
