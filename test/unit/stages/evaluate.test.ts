import test from "ava";
import type { GradedSolution } from "../../../src/data/read-graded.js";
import type { EvaluatedModel, Evaluation } from "../../../src/evaluation/evaluation.js";
import { type EvaluationInput, type EvaluationProgress, evaluateStage } from "../../../src/stages/evaluate.js";
import type { ScoreRecord, StepCounts } from "../../../src/types.js";
import { handAccuracies, handLabelled, handScores, handSolutions } from "../../support/evaluation-case.js";
import { FakeGrader } from "../../support/fake-grader.js";

const facts: EvaluatedModel = { name: "hand", source: "scores", path: "s.jsonl", fingerprint: "0".repeat(64) };
const hand: EvaluationInput = { solutions: handSolutions, models: [{ ...facts, scores: handScores }] };
const close = (value: number | null | undefined, expected: number) =>
  Math.abs((value ?? Number.NaN) - expected) < 1e-12;

const accuracyOf = ({ methods }: Evaluation, rule: string) =>
  methods.find(({ method }) => method.rule === rule)?.points.map(({ accuracy }) => accuracy.value) ?? [];

test("accuracies are those computed by hand: ties, all wrong, no answer, fewer candidates than N", async (t) => {
  const evaluation = await evaluateStage(hand);
  t.deepEqual(evaluation.numCandidates, [1, 2, 4]);
  for (const [rule, expected] of Object.entries(handAccuracies)) {
    const found = accuracyOf(evaluation, rule);
    t.is(found.length, 3, rule);
    for (const [i, value] of expected.entries()) t.true(close(found[i], value), `${rule} ${i}: ${found[i]}, ${value}`);
  }
  for (const { points, method } of evaluation.methods) {
    t.deepEqual(
      points.map(({ numProblems }) => numProblems),
      [3, 3, 2],
      method.rule,
    );
    t.true(points.every(({ computation }) => computation === "exact"));
  }
  t.like(evaluation, { numProblems: 3, numSolutions: 10, numRight: 2, numWithoutAnswer: 1, models: [facts] });
  t.deepEqual(evaluation.solutionsPerProblem, [2, 4]);
});

test("comparisons are the differences of those accuracies, on the problems with N candidates", async (t) => {
  const { comparisons } = await evaluateStage(hand);
  t.true(comparisons.length > 0);
  for (const { first, second, numCandidates, numProblems, difference, pValue, correctedPValue } of comparisons) {
    const at = [1, 2, 4].indexOf(numCandidates);
    const [one, other] = [first, second].map(({ rule }) => handAccuracies[rule]?.[at] as number) as [number, number];
    t.true(close(difference.value, one - other), `${first.rule} ${second.rule}`);
    t.is(numProblems, 2);
    t.true((correctedPValue as number) >= (pValue as number));
  }
});

test("calibration is over completed prefixes that are not terminal, those of problems never solved too", async (t) => {
  const { calibration } = await evaluateStage({ ...hand, labels: handLabelled });
  t.is(calibration.length, 1);
  const [{ n, numProblems, brierScore, constantBrierScore, bins } = {} as never] = calibration;
  t.deepEqual([n, numProblems], [5, 3]);
  // p (1 - s)^2 + (1 - p) s^2 for (s, p) = (.99, .75), (.95, .25), (.5, 0), (.2, .5), (.9, .5)
  t.true(close(brierScore.value, (0.2451 + 0.6775 + 0.25 + 0.34 + 0.41) / 5));
  t.true(close(constantBrierScore.value, 0.4 * 0.6));
  t.is(
    bins.reduce((sum, bin) => sum + bin.n, 0),
    5,
  );
  t.deepEqual((await evaluateStage(hand)).calibration, []);
});

test("the first wrong step by labels is found or not as computed by hand; problems never solved are left out and counted", async (t) => {
  const { firstErrors } = await evaluateStage({ ...hand, labels: handLabelled }, { threshold: 0.85 });
  t.is(firstErrors.length, 1);
  // Right: a 0 (none below .85: found), c 0 (step 0 below). Wrong at step 1: a 1 (none below), c 1 (step 1: found). b: left out.
  t.like(firstErrors[0], {
    data: "labels",
    threshold: 0.85,
    thresholdFrom: "given",
    numWrong: 2,
    numRight: 2,
    numLeftOut: 1,
  });
  t.like(firstErrors[0], { accuracyWrong: { value: 0.5 }, accuracyRight: { value: 0.5 }, f1: { value: 0.5 } });
});

test("a solution that was lost from its first step on is counted where another one of its problem is right, labelled or not", async (t) => {
  // Of a only the wrong a 1 is labelled, and none of its completions is right; a 0, without labels, is. Of b nothing is.
  const lost = (problemId: string, index: number) => {
    const found = handLabelled.find((one) => one.problemId === problemId && one.index === index) as GradedSolution;
    return { ...found, counts: found.counts?.map((one) => ({ ...one, numCorrect: 0 })) as StepCounts[] };
  };
  const { firstErrors } = await evaluateStage({ ...hand, labels: [lost("a", 1), lost("b", 0)] }, { threshold: 0.99 });
  // a 1 has 0.95, 0.9: its first step is below 0.99, which is the wrong one.
  t.like(firstErrors[0], { numWrong: 1, numRight: 0, numLeftOut: 1, accuracyWrong: { value: 1 } });
});

test("counts that the solutions bring along are used where no labels are given", async (t) => {
  const keys = new Set(handLabelled.map(({ problemId, index }) => `${problemId} ${index}`));
  const scores = handScores.filter(({ problemId, index }) => keys.has(`${problemId} ${index}`));
  const brought = await evaluateStage({ solutions: handLabelled, models: [{ ...facts, scores }] });
  const given = await evaluateStage({ ...hand, labels: handLabelled });
  t.deepEqual(brought.calibration, given.calibration);
  t.deepEqual(brought.firstErrors, given.firstErrors);
});

test("counts that were not of a fixed number of completions are said to be biased, those of a fixed one are not", async (t) => {
  const adaptive = { kind: "adaptive", label: "soft", tolerance: 0.2, minCompletions: 4, maxCompletions: 64 } as const;
  const [first, ...rest] = handLabelled;
  if (!first) throw new Error("no labels");
  const mixed = await evaluateStage({ ...hand, labels: [{ ...first, allocation: adaptive }, ...rest] });
  t.deepEqual(mixed.calibration[0]?.countBiases, ["stopped"]);
  t.deepEqual(mixed.firstErrors[0]?.countBiases, ["stopped"]);
  const searched = { kind: "first-error", numCompletions: 4 } as const;
  const sought = await evaluateStage({ ...hand, labels: [{ ...first, allocation: searched }, ...rest] });
  t.deepEqual(sought.calibration[0]?.countBiases, ["searched"]);
  const fixed = await evaluateStage({ ...hand, labels: handLabelled });
  t.false("countBiases" in (fixed.calibration[0] ?? {}));
  t.false("countBiases" in (fixed.firstErrors[0] ?? {}));
});

test("first wrong steps of several files come with their unweighted mean", async (t) => {
  const file = (name: string, firstWrong: number[], stepScores: number[][]) => ({
    name,
    solutions: firstWrong.map((wrong, i) => ({
      ...{ problemId: `${name}-${i}`, index: 0, question: "?", firstWrong: wrong },
      steps: (stepScores[i] as number[]).map(String),
    })),
    scores: {
      hand: stepScores.map((own, i) => ({
        ...(handScores[0] as ScoreRecord),
        problemId: `${name}-${i}`,
        index: 0,
        stepScores: own,
      })),
    },
  });
  const x = file("x", [-1, -1, 1, 0], [[0.9], [0.1, 0.9], [0.9, 0.1], [0.9, 0.1]]);
  const y = file("y", [-1, 1], [[0.9], [0.9, 0.1]]);
  const { firstErrors } = await evaluateStage({ ...hand, firstErrors: [x, y] }, { threshold: 0.5 });
  t.deepEqual(
    firstErrors.map(({ data, f1, numWrong, numRight }) => [data, f1.value, numWrong, numRight]),
    [
      ["x", 0.5, 2, 2],
      ["y", 1, 1, 1],
      ["mean", 0.75, 3, 3],
    ],
  );
  await t.throwsAsync(evaluateStage({ ...hand, firstErrors: [x, x] }), { code: "ERPRM_INVALID_ARGUMENT" });
  await t.throwsAsync(evaluateStage({ ...hand, firstErrors: [{ ...x, name: "mean" }] }), { message: /another than/ });
});

/** `numQuestions` questions, each in several records with ids of their own: a right solution, then wrong ones. */
function repeated(numQuestions: number, perQuestion: number, name = "x") {
  const ids = Array.from({ length: numQuestions * perQuestion }, (_, i) => i);
  const questionOf = (i: number) => Math.floor(i / perQuestion);
  const solutions = ids.map((i) => ({
    ...{ problemId: `${name}-${i}`, index: 0, question: `What is ${questionOf(i)}${i % 2 === 0 ? " " : "\n"}+ 1?` },
    ...{ steps: ["It is 5."], firstWrong: i % perQuestion === 0 ? -1 : 0 },
  }));
  // Every second question is judged right, in all of its records.
  const scores = ids.map((i) => ({
    ...(handScores[0] as ScoreRecord),
    ...{ problemId: `${name}-${i}`, index: 0 },
    stepScores: [(questionOf(i) % 2 === 0) === (i % perQuestion === 0) ? 0.9 : 0.1],
  }));
  return { name, solutions, scores: { hand: scores } };
}

test("a question in several records of a ProcessBench file is on one side of the threshold's split, in several files too", async (t) => {
  const files = [repeated(12, 8), repeated(12, 4, "y")];
  for (const seed of [0, 1, 2, 3]) {
    const { firstErrors } = await evaluateStage({ ...hand, firstErrors: files }, { seed, numBootstrap: 20 });
    const [x, y] = firstErrors;
    t.is(x?.thresholdFrom, "split");
    t.is((x?.numThresholdSolutions as number) % 8, 0, "whole questions");
    // Both files have the same questions.
    t.is(y?.numThresholdSolutions, (x?.numThresholdSolutions as number) / 2);
  }
});

test("records with one question are drawn together: eight copies of a file's records tell no more than one", async (t) => {
  const width = async (perQuestion: number) => {
    const all = { ...hand, firstErrors: [repeated(20, perQuestion)] };
    const { firstErrors } = await evaluateStage(all, { threshold: 0.5, numBootstrap: 400 });
    const { low, high, value } = firstErrors[0]?.accuracyWrong ?? {};
    t.is(value, 0.5);
    return (high as number) - (low as number);
  };
  // One wrong solution a question, and eight that are found or not all at once: 20 questions either way.
  const [two, nine] = [await width(2), await width(9)];
  t.true(Math.abs(nine / two - 1) < 0.15, `${two} ${nine}`);
});

test("wrong answers vote together where the grader says so, and only there", async (t) => {
  const grader = new FakeGrader();
  const apart = await evaluateStage(hand, { grader });
  // Texts compared: 5 and 10/2 are two answers, so that all three have one vote at N = 4.
  t.true(close(accuracyOf(apart, "majority")[2], 1 / 3 / 2));
  t.true(grader.graded.length > 0);
  t.true(
    grader.graded.every((pair) => !pair.includes("4")),
    "right answers are not compared",
  );
});

test("without a model there are the choices that need none", async (t) => {
  const { methods, models, comparisons, lengths } = await evaluateStage({ ...hand, models: [] });
  t.deepEqual(
    methods.map(({ method }) => method.rule),
    ["pass@1", "majority", "pass@n"],
  );
  t.deepEqual([models, comparisons, lengths], [[], [], []]);
});

test("each model is aggregated as it is said to be, two models are compared", async (t) => {
  const other = { ...facts, name: "other", scores: handScores, aggregates: ["last", "mean"] as const };
  const { methods, comparisons, lengths } = await evaluateStage({ ...hand, models: [...hand.models, other] });
  const scored = methods.filter(({ method }) => method.model !== undefined && method.rule === "best-of-n");
  t.deepEqual(
    scored.map(({ method }) => [method.model, method.aggregate]),
    [
      ["hand", "min"],
      ["other", "last"],
      ["other", "mean"],
    ],
  );
  t.true(comparisons.some(({ first, second }) => first.model === "hand" && second.model === "other"));
  t.is(lengths.length, 3);
});

const refused: [string, Partial<EvaluationInput>, RegExp][] = [
  [
    "a solution without a score",
    { models: [{ ...facts, scores: handScores.slice(1) }] },
    /^Expected a score of hand for every solution, found none for 1 of 10 .*; the first is solution 0 of problem "a"$/,
  ],
  [
    "a score without a solution",
    { solutions: handSolutions.slice(1) },
    /a solution for every score of hand, found none for \(a, 0\)/,
  ],
  [
    "a score of other steps",
    { models: [{ ...facts, scores: handScores.map((one) => ({ ...one, stepScores: [0.5] })) }] },
    /one score of hand for each of the 2 steps of \(a, 0\), received 1/,
  ],
  [
    "a repeated solution",
    { solutions: [...handSolutions, handSolutions[0] as never] },
    /unique, received \(a, 0\) again/,
  ],
  [
    "a repeated score",
    { models: [{ ...facts, scores: [...handScores, handScores[3] as never] }] },
    /unique, received \(a, 3\) again/,
  ],
  ["no solutions", { solutions: [], models: [] }, /at least one solution/],
  [
    "labels of other solutions",
    { labels: handLabelled.slice(0, 1).map((one) => ({ ...one, index: 9 })) },
    /labels of the solutions that are evaluated, received \(a, 9\)/,
  ],
  [
    "labels without counts",
    { labels: handLabelled.map(({ counts, ...one }) => one) },
    /labelled steps with their counts/,
  ],
  [
    "labels of other steps",
    { labels: handLabelled.map((one) => ({ ...one, steps: ["x", "y"] })) },
    /the steps of the solution \(a, 0\)/,
  ],
  [
    "labels of another outcome",
    { labels: handLabelled.map((one) => ({ ...one, outcome: 0 as const })) },
    /outcome to be 1, as of the solution \(a, 0\)/,
  ],
  [
    "labels without completions",
    {
      labels: handLabelled.map((one) => ({
        ...one,
        counts: one.counts?.slice().fill({ text: "", numCompletions: 0, numCorrect: 0 }) as never,
      })),
    },
    /labels with completions/,
  ],
];
for (const [what, input, message] of refused) {
  test(`${what}: refused, nothing is left out`, async (t) => {
    await t.throwsAsync(evaluateStage({ ...hand, ...input }), { code: "ERPRM_INVALID_DATA", message });
  });
}

test("options out of range are refused", async (t) => {
  for (const options of [
    { numCandidates: [5] },
    { numCandidates: [0] },
    { numCandidates: [2, 1] },
    { numCandidates: [] },
    { threshold: 1.5 },
    { level: 1 },
    { numBootstrap: 0 },
    { numFlips: 0 },
    { numSubsets: 0.5 },
    { seed: -1 },
  ]) {
    await t.throwsAsync(evaluateStage(hand, options), { code: "ERPRM_INVALID_ARGUMENT" }, JSON.stringify(options));
  }
  const twice = { ...hand, models: [...hand.models, ...hand.models] };
  await t.throwsAsync(evaluateStage(twice), { message: /names to be unique/ });
});

test("it is told what is being computed and how much of it, without an effect on the results", async (t) => {
  const seen: EvaluationProgress[] = [];
  const options = { numBootstrap: 50, threshold: 0.85 };
  const input = { ...hand, labels: handLabelled };
  const told = await evaluateStage(input, { ...options, onProgress: (progress) => seen.push(progress) });
  t.deepEqual(told, await evaluateStage(input, options));
  const parts = [...new Set(seen.map(({ what }) => what))];
  t.deepEqual(parts.slice(0, 4), ["answers", "accuracies at N = 1", "accuracies at N = 2", "accuracies at N = 4"]);
  const drawn = ["intervals of accuracies", "comparisons", "first wrong steps", "calibration of hand"];
  for (const part of [...drawn, "scores and lengths of hand"]) t.true(parts.includes(part), part);
  t.deepEqual(
    seen.filter(({ what }) => what === "accuracies at N = 4"),
    [0, 1].map((done) => ({ what: "accuracies at N = 4", unit: "problems", done, total: 2 })),
  );
  const intervals = seen.filter(({ what }) => what === "intervals of accuracies");
  t.true(intervals.every(({ unit, total }) => unit === "draws" && total === 3 * 50));
  t.true(intervals.every(({ done }, i) => done <= 150 && done > (intervals[i - 1]?.done ?? -1)));
});

test("an evaluation is a function of its records, options and seed, and can be aborted", async (t) => {
  const first = await evaluateStage({ ...hand, labels: handLabelled }, { seed: 3 });
  t.deepEqual(await evaluateStage({ ...hand, labels: handLabelled }, { seed: 3 }), first);
  await t.throwsAsync(evaluateStage(hand, { signal: AbortSignal.abort() }), { code: "ERPRM_ABORTED" });
});
