import test from "ava";
import { httpCosts, summaryOf } from "../../bench/serving-summary.js";

const run = (seconds: number, p50: number) => ({
  seconds,
  solutions: 100,
  tokens: 20_000,
  difference: 1e-7 * p50,
  latencies: { p50, p99: 2 * p50, max: 3 * p50 },
  peakBytes: 1000,
  othersShare: 0,
});

const rowOf = (name: string, concurrency: number | undefined, runs: ReturnType<typeof run>[]) =>
  summaryOf({ what: "tiny", name, command: [], ...(concurrency !== undefined && { concurrency }) }, runs);

test("a row has the median run, the spread of all, and the largest difference of scores", (t) => {
  const row = rowOf("erprm serve", 8, [run(1, 5), run(4, 9), run(2, 6)]);
  t.deepEqual(row.solutionsPerSecond, { median: 50, low: 25, high: 100 });
  t.is(row.tokensPerSecond, 10_000);
  t.deepEqual(row.p50, { median: 6, low: 5, high: 9 });
  t.deepEqual(row.p99, { median: 12, low: 10, high: 18 });
  t.is(row.largestDifference, 1e-7 * 9);
});

test("HTTP costs latency against a call each, and time of a solution against one call for all", (t) => {
  const rows = [
    rowOf("in process, a call each", 1, [run(1, 5)]),
    rowOf("in process, one call", undefined, [run(1, 1)]),
    rowOf("erprm serve", 1, [run(2, 8)]),
    rowOf("FastAPI, transformers", 1, [run(9, 90)]),
    rowOf("erprm serve", 8, [run(2, 30)]),
  ];
  t.deepEqual(httpCosts(rows), [
    { what: "tiny", concurrency: 1, milliseconds: 3 },
    { what: "tiny", concurrency: 8, milliseconds: 10 },
  ]);
});
