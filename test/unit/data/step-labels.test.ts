import test from "ava";
import fc from "fast-check";
import { parseLabelName } from "../../../src/data/label-name.js";
import { labelSteps, labelsFromCounts, standardErrorsFromCounts } from "../../../src/data/step-labels.js";
import type { ErprmError } from "../../../src/errors.js";
import { highPrecisionLabels } from "./high-precision-labels.js";

const counts = fc
  .integer({ min: 1, max: 200 })
  .chain((numCompletions) => fc.tuple(fc.constant(numCompletions), fc.integer({ min: 0, max: numCompletions })));
const eta = fc.double({ min: -1e4, max: 1e4, noNaN: true });
const er = (numCompletions: number, numCorrect: number, value: number): number =>
  labelsFromCounts(numCompletions, numCorrect, [`er:${value}`])[parseLabelName(`er:${value}`).name] as number;

test("labels agree with 60-digit arithmetic to 1e-13, from eta -1e4 to 1e4", (t) => {
  for (const [numCompletions, numCorrect, value, expected] of highPrecisionLabels) {
    const error = Math.abs(er(numCompletions, numCorrect, value) - expected);
    t.true(error <= 1e-13 * Math.max(1e-3, expected), `${numCorrect}/${numCompletions} eta ${value}: off by ${error}`);
  }
});

test("standard errors agree with 60-digit arithmetic to a relative 1e-12", (t) => {
  for (const [numCompletions, numCorrect, value, , expected] of highPrecisionLabels) {
    const name = parseLabelName(`er:${value}`).name;
    const error = standardErrorsFromCounts(numCompletions, numCorrect, [name])[name] as number;
    t.true(
      Math.abs(error / expected - 1) <= 1e-12,
      `${numCorrect}/${numCompletions} eta ${value}: ${error}, not ${expected}`,
    );
  }
});

test("the labels of the documented record are what the counts say", (t) => {
  const {
    hard,
    soft,
    "er:1": er1,
    "er:5": er5,
  } = labelsFromCounts([16, 16, 1], [11, 15, 1], ["hard", "soft", "er:1", "er:5"]);
  t.deepEqual(hard, [1, 1, 1]);
  t.deepEqual(soft, [0.6875, 0.9375, 1]);
  t.deepEqual(
    er1?.map((label) => label.toFixed(4)),
    ["0.7799", "0.9597", "1.0000"],
  );
  t.deepEqual(
    er5?.map((label) => label.toFixed(4)),
    ["0.9257", "0.9872", "1.0000"],
  );
});

test("a label is exactly 0 with no correct completion and exactly 1 with no wrong one", (t) => {
  for (const value of [-1e4, -1, -1e-300, 0, 1e-300, 1, 1e4]) {
    t.is(er(8, 0, value), 0);
    t.is(er(8, 8, value), 1);
  }
});

test("a label lies between 0 and 1 and grows with eta and with the number of correct completions", (t) => {
  fc.assert(
    fc.property(counts, eta, eta, ([numCompletions, numCorrect], a, b) => {
      const [low, high] = a < b ? [a, b] : [b, a];
      const label = er(numCompletions, numCorrect, low);
      t.true(label >= 0 && label <= 1);
      t.true(er(numCompletions, numCorrect, high) >= label - 1e-15);
      if (numCorrect < numCompletions) t.true(er(numCompletions, numCorrect + 1, low) >= label);
    }),
  );
});

test("exchanging right and wrong and the sign of eta mirrors the label", (t) => {
  fc.assert(
    fc.property(counts, eta, ([numCompletions, numCorrect], value) => {
      const mirrored = 1 - er(numCompletions, numCompletions - numCorrect, -value);
      t.true(Math.abs(er(numCompletions, numCorrect, value) - mirrored) <= 1e-14);
    }),
  );
});

test("eta 0 is the soft label, and tiny eta approach it", (t) => {
  t.is(er(16, 5, 0), 5 / 16);
  t.is(er(16, 5, -0), 5 / 16);
  t.true(Math.abs(er(16, 5, 1e-12) - 5 / 16) < 1e-12);
});

test("one eta has one name", (t) => {
  for (const [text, name] of [
    ["er:1.0", "er:1"],
    ["er:1e3", "er:1000"],
    ["er:-0", "er:0"],
    ["er:.5", "er:0.5"],
    ["er:+2", "er:2"],
  ]) {
    t.is(parseLabelName(text).name as string, name as string);
  }
  t.deepEqual(Object.keys(labelsFromCounts(4, 1, ["er:1.0", "er:1"])), ["er:1"]);
});

for (const name of [
  "er:Infinity",
  "er:-Infinity",
  "er:NaN",
  "er:1e999",
  "er:",
  "er:0x10",
  "er: 1",
  "er:1,2",
  "er",
  "Hard",
  "",
  1,
  undefined,
]) {
  test(`the label name ${JSON.stringify(name)} is refused`, (t) => {
    const error = t.throws<ErprmError>(() => parseLabelName(name));
    t.is(error.code, "ERPRM_INVALID_ARGUMENT");
    t.is(error.details.received, name);
  });
}

test("counts that cannot be are refused with their name", (t) => {
  for (const [numCompletions, numCorrect, name] of [
    [0, 0, "numCompletions"],
    [4, 5, "numCorrect"],
    [4, -1, "numCorrect"],
    [4, 1.5, "numCorrect"],
    [Number.NaN, 0, "numCompletions"],
  ] as const) {
    const error = t.throws<ErprmError>(() => labelsFromCounts(numCompletions, numCorrect, ["soft"]));
    t.is(error.code, "ERPRM_INVALID_ARGUMENT");
    t.is(error.details.name, name);
  }
  const error = t.throws<ErprmError>(() => labelsFromCounts([4, 0], [1, 0], ["soft"]));
  t.is(error.details.name, "numCompletions[1]");
  t.throws<ErprmError>(() => labelsFromCounts([4, 4], [1], ["soft"]));
});

/** mulberry32: the same draws in every run. */
function randomStream(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

for (const [p, numCompletions, name] of [
  [0.3, 80, "soft"],
  [0.1, 64, "soft"],
  [0.3, 64, "er:1"],
  [0.5, 128, "er:5"],
  [0.7, 64, "er:-2"],
] as const) {
  test(`the standard error of ${name} is the spread of the label over repeated measurements (p ${p}, ${numCompletions} completions)`, (t) => {
    const random = randomStream(20250101);
    const labels: number[] = [];
    let sumOfSquaredErrors = 0;
    const repetitions = 20000;
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      let numCorrect = 0;
      for (let i = 0; i < numCompletions; i += 1) if (random() < p) numCorrect += 1;
      labels.push(labelsFromCounts(numCompletions, numCorrect, [name])[name] as number);
      sumOfSquaredErrors += (standardErrorsFromCounts(numCompletions, numCorrect, [name])[name] as number) ** 2;
    }
    const mean = labels.reduce((sum, label) => sum + label, 0) / repetitions;
    const spread = Math.sqrt(labels.reduce((sum, label) => sum + (label - mean) ** 2, 0) / (repetitions - 1));
    const ratio = Math.sqrt(sumOfSquaredErrors / repetitions) / spread;
    t.true(Math.abs(ratio - 1) < 0.06, `ratio ${ratio}`);
  });
}

test("no and all correct completions still have an uncertainty, which shrinks with their number", (t) => {
  for (const numCorrectOf of [() => 0, (numCompletions: number) => numCompletions]) {
    const errors = [1, 8, 64, 512].map(
      (numCompletions) =>
        standardErrorsFromCounts(numCompletions, numCorrectOf(numCompletions), ["soft"]).soft as number,
    );
    for (const [i, error] of errors.entries()) {
      t.true(error > 0);
      if (i > 0) t.true(error < (errors[i - 1] as number));
    }
  }
});

test("hard labels have no standard error, terminal steps have 0", (t) => {
  const steps = [
    { text: "a", numCompletions: 8, numCorrect: 3 },
    { text: "b", numCompletions: 1, numCorrect: 0, terminal: true as const },
  ];
  const { labels, standardErrors } = labelSteps(steps, ["hard", "soft", "er:2"]);
  t.deepEqual(Object.keys(labels), ["hard", "soft", "er:2"]);
  t.deepEqual(Object.keys(standardErrors), ["soft", "er:2"]);
  t.is(standardErrors.soft?.[1], 0);
  t.true((standardErrors.soft?.[0] as number) > 0.1);
});
