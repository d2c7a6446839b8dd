import test from "ava";
import type { SelectionRule } from "../../../src/evaluation/evaluation.js";
import { defaultNumCandidates, methodAccuracies } from "../../../src/evaluation/methods.js";
import type { CandidatePool } from "../../../src/evaluation/pool.js";
import { choose, expectation, type Plain, type Rule, randomPool } from "./brute-force.js";

/** A pool of one model; all aggregates are the score. */
function poolOf(...problems: Plain[][]): CandidatePool {
  return {
    models: ["m"],
    problems: problems.map((candidates, i) => ({
      problemId: `p${i}`,
      candidates: candidates.map(({ outcome, group, score }) => ({
        ...{ outcome, answerGroup: group, numSteps: 2 },
        scores: [{ min: score, last: score, mean: score, product: score }],
      })),
    })),
  };
}

async function accuraciesOf(problem: Plain[], n: number, numSubsets = 1000): Promise<Record<SelectionRule, number>> {
  const options = { aggregates: [["min"]] as const, numCandidates: [n], seed: 0, numSubsets };
  const [at] = await methodAccuracies(poolOf(problem), options);
  const entries = at?.methods.map(({ method, accuracies }) => [method.rule, accuracies[0]]);
  return Object.fromEntries(entries ?? []) as Record<SelectionRule, number>;
}

const right = (group: number, score: number): Plain => ({ outcome: 1, group, score });
const wrong = (group: number, score: number): Plain => ({ outcome: 0, group, score });

function near(t: { true(value: boolean, message?: string): void }, found: Record<string, number>, expected: object) {
  for (const [rule, value] of Object.entries(expected)) {
    t.true(Math.abs((found[rule] as number) - value) < 1e-12, `${rule}: ${found[rule]}, not ${value}`);
  }
}

test("three candidates by hand: one right with the second highest score, two wrong with one answer", async (t) => {
  const problem = [right(0, 0.5), wrong(1, 0.9), wrong(1, 0.2)];
  near(t, await accuraciesOf(problem, 1), { "pass@1": 1 / 3, majority: 1 / 3, "best-of-n": 1 / 3, "pass@n": 1 / 3 });
  // Pairs: {right, .9} {right, .2} {.9, .2}. Votes tie in the first two; the scores decide for .9, for right, for wrong.
  near(t, await accuraciesOf(problem, 2), {
    "pass@1": 1 / 3,
    majority: 1 / 3,
    "best-of-n": 1 / 3,
    "weighted-vote": 1 / 3,
  });
  near(t, await accuraciesOf(problem, 2), { "pass@n": 2 / 3 });
  near(t, await accuraciesOf(problem, 3), {
    "pass@1": 1 / 3,
    majority: 0,
    "best-of-n": 0,
    "weighted-vote": 0,
    "pass@n": 1,
  });
});

test("four candidates by hand: the right answer twice, of low score", async (t) => {
  const problem = [right(0, 0.3), right(0, 0.3), wrong(1, 0.4), wrong(2, 0.5)];
  // Pairs: 1 of right only, 4 mixed, 1 of wrong only. Vote: 1 + 4/2 of 6. Highest score: 1 of 6.
  near(t, await accuraciesOf(problem, 2), {
    majority: 1 / 2,
    "best-of-n": 1 / 6,
    "weighted-vote": 1 / 6,
    "pass@n": 5 / 6,
  });
  // Triples: 2 with both right ones, 2 with one. Vote: 2 + 2/3 of 4; weights .6 > .5; one right never wins.
  near(t, await accuraciesOf(problem, 3), { majority: 2 / 3, "best-of-n": 0, "weighted-vote": 1 / 2, "pass@n": 1 });
  near(t, await accuraciesOf(problem, 4), { majority: 1, "best-of-n": 0, "weighted-vote": 1, "pass@n": 1 });
});

test("all wrong is 0 and all right is 1 for every method at every N", async (t) => {
  for (const [make, value] of [
    [wrong, 0],
    [right, 1],
  ] as const) {
    const problem = [make(0, 0.1), make(0, 0.5), make(1, 0.5), make(2, 0.7), make(3, 0)];
    for (const n of [1, 2, 3, 4, 5]) {
      const every = { "pass@1": value, majority: value, "best-of-n": value, "weighted-vote": value, "pass@n": value };
      near(t, await accuraciesOf(problem, n), every);
    }
  }
});

test("equal scores everywhere: best-of-N is pass@1, weighted vote is majority vote", async (t) => {
  const problem = [right(0, 0.25), wrong(1, 0.25), wrong(1, 0.25), right(0, 0.25), wrong(2, 0.25), wrong(-1, 0.25)];
  for (const n of [1, 2, 3, 4, 5, 6]) {
    const found = await accuraciesOf(problem, n);
    near(t, found, { "best-of-n": found["pass@1"], "weighted-vote": found.majority });
  }
});

test("scores of 0 vote like any others: an answer with no weight ties with another one", async (t) => {
  near(t, await accuraciesOf([right(0, 0), wrong(1, 0), wrong(1, 0)], 3), { "weighted-vote": 1 / 2, majority: 0 });
});

test("sums that are equal but for rounding tie", async (t) => {
  // 0.1 + 0.2 is not 0.3 in binary.
  const problem = [right(0, 0.1), right(0, 0.2), wrong(1, 0.3)];
  near(t, await accuraciesOf(problem, 3), { "weighted-vote": 1 / 2 });
});

test("candidates without an answer have no vote, and with nobody voting the outcome is 0", async (t) => {
  const problem = [wrong(-1, 0.9), wrong(-1, 0.8), right(0, 0.1)];
  // Pairs: two of three contain the right one, which then wins every vote.
  near(t, await accuraciesOf(problem, 2), { majority: 2 / 3, "weighted-vote": 2 / 3, "best-of-n": 0, "pass@n": 2 / 3 });
  near(t, await accuraciesOf(problem, 3), { majority: 1, "weighted-vote": 1, "best-of-n": 0 });
  const silent = [wrong(-1, 0.9), wrong(-1, 0.8)];
  near(t, await accuraciesOf(silent, 1), { majority: 0, "weighted-vote": 0, "pass@1": 0 });
  near(t, await accuraciesOf(silent, 2), { majority: 0, "weighted-vote": 0, "best-of-n": 0 });
});

test("one candidate: every method is its outcome", async (t) => {
  near(t, await accuraciesOf([right(0, 0.3)], 1), { "pass@1": 1, majority: 1, "best-of-n": 1, "weighted-vote": 1 });
  near(t, await accuraciesOf([wrong(0, 0.3)], 1), { "pass@1": 0, majority: 0, "best-of-n": 0, "pass@n": 0 });
});

test("a problem with fewer than N candidates is left out of that N only", async (t) => {
  const pool = poolOf([right(0, 0.5)], [right(0, 0.5), wrong(1, 0.6), wrong(1, 0.1)], [wrong(0, 0.5), wrong(1, 0.6)]);
  const found = await methodAccuracies(pool, { aggregates: [["min"]], numCandidates: [3, 1, 2, 4, 1], seed: 0 });
  const named = found.map(({ numCandidates, problemIds }) => [numCandidates, problemIds]);
  t.deepEqual(named, [
    [1, ["p0", "p1", "p2"]],
    [2, ["p1", "p2"]],
    [3, ["p1"]],
    [4, []],
  ]);
  for (const { problemIds, methods } of found) {
    for (const { accuracies } of methods) t.is(accuracies.length, problemIds.length);
  }
  t.deepEqual(
    [...(found[1]?.methods.at(-1)?.accuracies ?? [])].map((value) => Math.round(3 * value)),
    [2, 0],
  );
});

test("every method agrees with brute force over all subsets, for random pools with ties and every N", async (t) => {
  let numCompared = 0;
  for (let seed = 0; seed < 120; seed++) {
    const problem = randomPool(seed, 1 + (seed % 8));
    for (let n = 1; n <= problem.length; n++) {
      const found = await accuraciesOf(problem, n);
      for (const rule of Object.keys(choose) as Rule[]) {
        const expected = expectation(rule, problem, n);
        t.true(
          Math.abs(found[rule] - expected) < 1e-12,
          `seed ${seed}, N ${n}, ${rule}: ${found[rule]}, not ${expected}`,
        );
        numCompared++;
      }
    }
  }
  t.is(numCompared, 120 * 4.5 * 5);
});

test("the order of the candidates does not matter", async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const problem = randomPool(seed, 7);
    for (const n of [2, 3, 5]) {
      const found = await accuraciesOf(problem, n);
      near(t, await accuraciesOf([...problem].reverse(), n), found);
    }
  }
});

test("methods come in one order, with each model's own aggregates, and exact is said where it is", async (t) => {
  const scores = { min: 0.1, last: 0.2, mean: 0.3, product: 0.4 };
  const candidate = { outcome: 1 as const, answerGroup: 0, numSteps: 1, scores: [scores, scores] };
  const pool = { models: ["a", "b"], problems: [{ problemId: "p", candidates: Array(40).fill(candidate) }] };
  const options = {
    aggregates: [["last", "min"], ["product"]] as const,
    numCandidates: [2, 20],
    seed: 0,
    numSubsets: 7,
  };
  const found = await methodAccuracies(pool, options);
  const rules = found[0]?.methods.map(({ method: { rule, model, aggregate } }) =>
    [rule, model, aggregate].join(" ").trim(),
  );
  t.deepEqual(rules, [
    ...["pass@1", "majority", "best-of-n a last", "weighted-vote a last", "best-of-n a min", "weighted-vote a min"],
    ...["best-of-n b product", "weighted-vote b product", "pass@n"],
  ]);
  t.true(found[0]?.methods.every(({ computation }) => computation === "exact"));
  const resampled = found[1]?.methods.filter(({ computation }) => computation === "resampled");
  t.deepEqual([...new Set(resampled?.map(({ method }) => method.rule))], ["weighted-vote"]);
});

test("resampling is unbiased: over many seeds its mean is the exact expectation, within its standard error", async (t) => {
  const pool = poolOf([...randomPool(100, 10), ...randomPool(101, 10)]);
  const votes = async (seed: number, numSubsets: number) => {
    const options = { aggregates: [["min"]] as const, numCandidates: [10], seed, numSubsets };
    const found = (await methodAccuracies(pool, options))[0]?.methods[3];
    return { computation: found?.computation, accuracy: found?.accuracies[0] as number };
  };
  // As many subsets as there are, C(20, 10), so all of them.
  const exact = await votes(0, 184_756);
  t.is(exact.computation, "exact");
  const draws: number[] = [];
  for (let seed = 0; seed < 400; seed++) {
    const { computation, accuracy } = await votes(seed, 10);
    t.is(computation, "resampled");
    draws.push(accuracy);
  }
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
  const deviation = Math.sqrt(draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length);
  t.true(deviation > 0.05, "the draws differ");
  t.true(Math.abs(mean - exact.accuracy) < (4 * deviation) / Math.sqrt(draws.length), `${mean}, not ${exact.accuracy}`);
});

test("a majority vote that is too long for the closed form is resampled, near to what is exact, and said so", async (t) => {
  // 63 wrong answers of 16 candidates each, the right one has 18.
  const problem = Array.from({ length: 1026 }, (_, i) => (i < 18 ? right(0, 0.5) : wrong(1 + (i % 63), 0.5)));
  const options = { aggregates: [["min"]] as const, numCandidates: [8, 200], seed: 1, numSubsets: 4000 };
  const [few, many] = await methodAccuracies(poolOf(problem), options);
  t.deepEqual(
    [few, many].map((at) => at?.methods[1]?.computation),
    ["exact", "resampled"],
  );
  // With equal scores the weighted vote has the same expectation, from the same subsets.
  t.is(many?.methods[1]?.accuracies[0], many?.methods[3]?.accuracies[0]);
  const [exact, resampled] = [few?.methods[1]?.accuracies[0], few?.methods[3]?.accuracies[0]] as [number, number];
  t.true(Math.abs(exact - resampled) < 4 * Math.sqrt(0.25 / 4000));
});

test("the default Ns are the powers of two below, and, the largest N that half of the problems have candidates for", (t) => {
  const sized = (...sizes: number[]) => poolOf(...sizes.map((size) => Array(size).fill(right(0, 0.5)) as Plain[]));
  t.deepEqual(defaultNumCandidates(sized(16, 16)), [1, 2, 4, 8, 16]);
  t.deepEqual(defaultNumCandidates(sized(12)), [1, 2, 4, 8, 12]);
  t.deepEqual(defaultNumCandidates(sized(1, 1, 8)), [1]);
  t.deepEqual(defaultNumCandidates(sized(1, 8, 8)), [1, 2, 4, 8]);
  t.deepEqual(defaultNumCandidates(sized(1, 4)), [1, 2, 4]);
  t.throws(() => defaultNumCandidates(sized()), { message: /problems/ });
});

test("missing, negative and unfinished scores are named, and so are options out of range", async (t) => {
  const given = (score: number) => poolOf([right(0, score)]);
  const options = { aggregates: [["min"]] as const, seed: 0 };
  for (const score of [Number.NaN, -0.1, Number.POSITIVE_INFINITY]) {
    await t.throwsAsync(methodAccuracies(given(score), options), {
      message: /min score of m for candidate 0 of problem p0/,
    });
  }
  await t.throwsAsync(methodAccuracies(given(1), { ...options, numCandidates: [0] }), {
    message: /number of candidates/,
  });
  await t.throwsAsync(methodAccuracies(given(1), { ...options, numSubsets: 0 }), { message: /number of subsets/ });
  await t.throwsAsync(methodAccuracies(given(1), { ...options, aggregates: [] }), {
    message: /aggregates to be 1 list/,
  });
});

test("computing can be aborted", async (t) => {
  const pool = poolOf(
    ...Array.from({ length: 300 }, (_, i) =>
      Array.from({ length: 64 }, (_, k) => ((i + k) % 3 ? right(k % 5, k / 64) : wrong(6, k / 64))),
    ),
  );
  const controller = new AbortController();
  const running = methodAccuracies(pool, { aggregates: [["min"]], seed: 0, signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  t.like(await t.throwsAsync(running), { code: "ERPRM_ABORTED" });
});
