import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { labelSteps, labelsFromCounts, standardErrorsFromCounts } from "../../../src/data/step-labels.js";
import { ErprmError } from "../../../src/errors.js";
import { packageRoot } from "../../../src/native/loader.js";
import type { Estimator } from "../../../src/types.js";

type Golden = [number: number, correct: number, a: number, b: number, eta: number, mean: number, deviation: number];

const goldens = JSON.parse(readFileSync(join(packageRoot, "test/fixtures/posterior-labels.json"), "utf8")) as Golden[];

const posterior = (a: number, b: number): Estimator => ({ kind: "posterior", prior: [a, b] });
const jeffreys = posterior(0.5, 0.5);

test("posterior means and standard errors agree with 30-digit quadrature to 1e-13", (t) => {
  t.true(goldens.length > 200);
  for (const [number, correct, a, b, eta, mean, deviation] of goldens) {
    const name = `er:${eta}`;
    const found = labelsFromCounts(number, correct, [name], posterior(a, b))[name] as number;
    const error = standardErrorsFromCounts(number, correct, [name], posterior(a, b))[name] as number;
    const what = `${correct}/${number} prior ${a},${b} eta ${eta}`;
    t.true(Math.abs(found - mean) < 1e-13, `${what}: ${found}, not ${mean}`);
    t.true(Math.abs(error - deviation) < 1e-13, `${what}: ${error}, not ${deviation}`);
  }
});

test("the posterior soft label is (k + a) / (K + a + b), with the standard deviation of its beta distribution", (t) => {
  t.is(labelsFromCounts(4, 1, ["soft"], posterior(0.5, 1.5)).soft, 0.25);
  const error = standardErrorsFromCounts(4, 1, ["soft"], jeffreys).soft as number;
  t.true(Math.abs(error - Math.sqrt((1.5 * 3.5) / 6) / 5) < 1e-15);
  t.is(labelsFromCounts(4, 1, ["er:0"], jeffreys)["er:0"], labelsFromCounts(4, 1, ["soft"], jeffreys).soft);
});

test("hard labels are the same for both estimators", (t) => {
  t.deepEqual(labelsFromCounts([4, 4], [0, 1], ["hard"], jeffreys).hard, [0, 1]);
  t.deepEqual(standardErrorsFromCounts(4, 1, ["hard"], jeffreys), {});
});

test("a posterior label grows with the number of correct completions and lies strictly between 0 and 1", (t) => {
  const counts = fc.integer({ min: 1, max: 60 }).chain((all) => fc.tuple(fc.constant(all), fc.nat({ max: all })));
  fc.assert(
    fc.property(counts, fc.double({ min: -30, max: 30, noNaN: true }), ([all, correct], eta) => {
      const name = labelsFromCounts(all, correct, [`er:${eta}`], jeffreys);
      const [value = Number.NaN] = Object.values(name);
      t.true(value > 0 && value < 1, `${value}`);
      if (correct === all) return;
      const [more = Number.NaN] = Object.values(labelsFromCounts(all, correct + 1, [`er:${eta}`], jeffreys));
      t.true(more > value);
    }),
  );
});

test("with many completions the estimators agree, and so do their standard errors", (t) => {
  const counts = [1e6, 3e5] as const;
  for (const name of ["soft", "er:1", "er:5", "er:-2"]) {
    const [plain, other] = [labelsFromCounts(...counts, [name]), labelsFromCounts(...counts, [name], jeffreys)];
    t.true(Math.abs((plain[name] as number) - (other[name] as number)) < 1e-5);
    const errors = [standardErrorsFromCounts(...counts, [name]), standardErrorsFromCounts(...counts, [name], jeffreys)];
    t.true(Math.abs((errors[0]?.[name] as number) / (errors[1]?.[name] as number) - 1) < 1e-4);
  }
});

test("an eta as large as a number may be gives labels of 0 to 1 and never NaN", (t) => {
  for (const eta of [1e-300, 1e4, -1e4, 1e300]) {
    const [label = Number.NaN] = Object.values(labelsFromCounts(8, 3, [`er:${eta}`], jeffreys));
    t.true(label >= 0 && label <= 1, `${eta}: ${label}`);
  }
});

test("a terminal step's label is the outcome for every estimator, an inferred step's that of the step it stands on", (t) => {
  const steps = [
    { text: "a", numCompletions: 0, numCorrect: 0, inferredFrom: 1 },
    { text: "b", numCompletions: 8, numCorrect: 2 },
    { text: "c", numCompletions: 1, numCorrect: 0, terminal: true as const },
  ];
  for (const estimator of [undefined, jeffreys]) {
    const { labels, standardErrors } = labelSteps(steps, ["hard", "soft", "er:2"], estimator);
    for (const [name, values] of Object.entries(labels)) {
      t.is(values[0], values[1], name);
      t.is(values[2], 0, name);
    }
    for (const errors of Object.values(standardErrors)) {
      t.is(errors[0], errors[1]);
      t.is(errors[2], 0);
    }
  }
});

for (const estimator of [
  { kind: "posterior", prior: [0, 1] },
  { kind: "posterior", prior: [0.5] },
  { kind: "posterior" },
  { kind: "median" },
] as unknown as Estimator[]) {
  test(`the estimator ${JSON.stringify(estimator)} is refused`, (t) => {
    const error = t.throws(() => labelsFromCounts(4, 1, ["soft"], estimator), { instanceOf: ErprmError });
    t.is(error?.code, "ERPRM_INVALID_ARGUMENT");
  });
}
