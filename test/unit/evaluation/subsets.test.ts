import test from "ava";
import { subsetsOf } from "../../../src/evaluation/subsets.js";
import { subsets } from "./brute-force.js";

const options = { seed: 3, problemId: "p", numSubsets: 50 };
const rows = ({ places, size, count }: { places: Int32Array; size: number; count: number }) =>
  Array.from({ length: count }, (_, s) => [...places.subarray(s * size, (s + 1) * size)]);

test("few subsets are enumerated, each once", (t) => {
  for (const [M, n] of [
    [1, 1],
    [6, 3],
    [7, 7],
    [12, 1],
    [64, 2],
    [64, 63],
  ] as const) {
    const found = subsetsOf(M, n, options);
    t.is(found.computation, "exact");
    t.deepEqual(
      rows(found),
      subsets(
        Array.from({ length: M }, (_, i) => i),
        n,
      ),
    );
  }
});

test("many are drawn: as many as asked for, each of N different candidates", (t) => {
  const found = subsetsOf(64, 32, options);
  t.like(found, { computation: "resampled", count: 50, size: 32 });
  for (const row of rows(found)) {
    t.is(new Set(row).size, 32);
    t.true(row.every((place) => place >= 0 && place < 64));
  }
});

test("random subsets are a function of seed, problem and N", (t) => {
  const drawn = (change: object, n = 32) => rows(subsetsOf(64, n, { ...options, ...change }));
  t.deepEqual(drawn({}), drawn({}));
  t.notDeepEqual(drawn({}), drawn({ seed: 4 }));
  t.notDeepEqual(drawn({}), drawn({ problemId: "q" }));
  t.notDeepEqual(
    drawn({}).map((row) => row.slice(0, 31)),
    drawn({}, 31),
  );
});

test("every candidate, and every pair of candidates, is drawn as often as chance says", (t) => {
  const numSubsets = 20_000;
  const [M, n] = [30, 15];
  const found = rows(subsetsOf(M, n, { ...options, numSubsets }));
  const together = Array.from({ length: M }, () => new Float64Array(M));
  for (const row of found) {
    for (const a of row)
      for (const b of row) (together[a] as Float64Array)[b] = ((together[a] as Float64Array)[b] as number) + 1;
  }
  for (let a = 0; a < M; a++) {
    for (let b = 0; b <= a; b++) {
      const p = a === b ? n / M : (n * (n - 1)) / (M * (M - 1));
      const deviations = ((together[a]?.[b] as number) - numSubsets * p) / Math.sqrt(numSubsets * p * (1 - p));
      t.true(Math.abs(deviations) < 5, `${a} ${b}: ${deviations} standard deviations`);
    }
  }
});
