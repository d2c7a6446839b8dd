import test from "ava";
import { evaluationTables } from "../../../../src/cli/evaluate/table.js";
import type { Comparison, Evaluation, Method } from "../../../../src/evaluation/evaluation.js";

const er: Method = { rule: "best-of-n", model: "er", aggregate: "min" };
const hard: Method = { rule: "best-of-n", model: "hard", aggregate: "min" };
const difference = { value: 0.042, low: 0.01, high: 0.074 };
const comparison = (first: Method, second: Method, numCandidates: number): Comparison => ({
  ...{
    first,
    second,
    numCandidates,
    numProblems: 2 * numCandidates,
    difference,
    pValue: 0.0123,
    correctedPValue: 0.0246,
  },
});
const evaluation: Evaluation = {
  version: 1,
  ...{ numProblems: 20, numSolutions: 160, numRight: 80, numWithoutAnswer: 0, solutionsPerProblem: [8, 8] },
  ...{ numCandidates: [4, 8], models: [], level: 0.95, seed: 0, numBootstrap: 10, numFlips: 10, numSubsets: 10 },
  methods: [],
  comparisons: [
    comparison(er, { rule: "majority" }, 4),
    ...([er, hard] as const).flatMap((method) => [
      comparison(method, { rule: "pass@1" }, 8),
      comparison(method, { rule: "majority" }, 8),
    ]),
    {
      ...comparison(er, hard, 8),
      difference: { value: 0, low: null, high: null },
      pValue: null,
      correctedPValue: null,
    },
  ],
  ...{ calibration: [], firstErrors: [], lengths: [], discriminations: [] },
};

test("comparisons are one line a pair, those at the largest N", (t) => {
  const lines = evaluationTables(evaluation).split("\n");
  const head = lines.findIndex((line) => line.includes("accuracy at N = 8, 16 problems"));
  t.regex(lines[head] as string, /│ minus that of +│ difference in points of % │ p +│ p corrected │$/);
  const rows = lines.slice(head + 2, head + 7);
  t.regex(rows[0] as string, /^│ best-of-n er min +│ pass@1 +│ 4\.2 \(1\.0 \.\. 7\.4\) +│ 0\.012 │ 0\.025 +│$/);
  t.deepEqual(
    rows.map((row) =>
      row
        .split("│")
        .slice(1, 3)
        .map((text) => text.trim()),
    ),
    [
      ["best-of-n er min", "pass@1"],
      ["best-of-n er min", "majority"],
      ["best-of-n hard min", "pass@1"],
      ["best-of-n hard min", "majority"],
      ["best-of-n er min", "best-of-n hard min"],
    ],
  );
  t.regex(rows[4] as string, /│ 0\.0 +│ - +│ - +│$/);
  t.regex(lines[head + 7] as string, /^└/);
});

test("a p-value that is a floor is told as a bound", (t) => {
  const floor = { pValue: 0.001, correctedPValue: 0.016, pValueIsFloor: true, correctedPValueIsFloor: true } as const;
  const text = evaluationTables({ ...evaluation, comparisons: [{ ...comparison(er, hard, 8), ...floor }] });
  t.regex(text, /│ best-of-n hard min +│ 4\.2 .* │ <= 0\.0010 │ <= 0\.016 +│$/m);
});

test("labels of fewer completions are said to be biased below the tables that are made from them", (t) => {
  const share = { value: 0.5, low: 0.4, high: 0.6 };
  const measured = { brierScore: share, constantBrierScore: share, areaUnderCurve: share, calibrationError: share };
  const one = { model: "er", n: 20, numProblems: 10, ...measured, bins: [] };
  const lines = evaluationTables({ ...evaluation, calibration: [{ ...one, countBiases: ["stopped"] }] }).split("\n");
  t.is(
    lines[lines.length - 2],
    "Labels of fewer completions: completions stopped by their own counts, so success rates are biased.",
  );
  t.false(evaluationTables({ ...evaluation, calibration: [one] }).includes("success rates are biased"));
});

test("below the table of calibration stands that its error is biased, and nowhere without one", (t) => {
  const share = { value: 0.5, low: 0.6, high: 0.7 };
  const measured = { brierScore: share, constantBrierScore: share, areaUnderCurve: share, calibrationError: share };
  const one = { model: "er", n: 20, numProblems: 10, ...measured, bins: [] };
  const text = evaluationTables({ ...evaluation, calibration: [one] });
  t.regex(
    text,
    /calibration error [\s\S]*│\n└[─┴]+┘\nThe calibration error is biased upwards by noise, its interval even more/,
  );
  t.false(evaluationTables({ ...evaluation, calibration: [] }).includes("biased upwards"));
});

test("the level of the intervals is said as it was given, whatever its product with 100 is", (t) => {
  for (const [level, text] of [
    [0.57, "57"],
    [0.95, "95"],
    [0.999, "99.9"],
  ] as const) {
    t.regex(evaluationTables({ ...evaluation, level }), new RegExp(`^${text} % intervals`, "m"));
  }
});
