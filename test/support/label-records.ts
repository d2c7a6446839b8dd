/** Label records of all kinds, made up, whose labels follow from their counts. */
import fc from "fast-check";
import { labelSteps } from "../../src/data/step-labels.js";
import type { Allocation, Estimator, LabelRecord, StepCounts } from "../../src/types.js";

const text = fc.oneof(
  fc.string({ minLength: 1, unit: "grapheme" }),
  fc.constantFrom('"],"labels":{', "},", "\\", "\u2028", "ü", "\t\u0000", "😀"),
);
const name = text.filter((one) => one.trim() !== "");

const counts: fc.Arbitrary<Omit<StepCounts, "text">> = fc
  .integer({ min: 1, max: 40 })
  .chain((numCompletions) =>
    fc.record({ numCompletions: fc.constant(numCompletions), numCorrect: fc.integer({ min: 0, max: numCompletions }) }),
  );

/** Measured steps, then perhaps one that is inferred from the first, then perhaps a terminal one. */
export const countedSteps: fc.Arbitrary<StepCounts[]> = fc
  .tuple(fc.array(fc.tuple(text, counts), { maxLength: 5 }), fc.boolean(), fc.option(fc.constantFrom(0, 1)))
  .map(([measured, infers, outcome]) => {
    const steps: StepCounts[] = measured.map(([own, count]) => ({ text: own, ...count }));
    if (infers && steps.length > 0) steps.push({ text: "then", numCompletions: 0, numCorrect: 0, inferredFrom: 0 });
    if (outcome !== null) steps.push({ text: "", numCompletions: 1, numCorrect: outcome, terminal: true });
    return steps;
  });

export const estimators: fc.Arbitrary<Estimator> = fc.constantFrom<Estimator>(
  { kind: "plug-in" },
  { kind: "posterior", prior: [0.5, 0.5] },
  { kind: "posterior", prior: [2, 1] },
);

export const someLabelNames = fc.constantFrom(
  ["hard", "soft", "er:1", "er:2", "er:5"],
  ["hard", "soft"],
  ["er:0.3", "hard"],
  ["hard"],
);

const allocation = fc.constantFrom<Allocation | undefined>(undefined, { kind: "first-error", numCompletions: 16 });

/** `withErrors`: whether the standard errors are there, which older records lack. */
export const labelRecords: fc.Arbitrary<LabelRecord> = fc
  .record({
    problemId: name,
    index: fc.nat(20),
    question: name,
    answer: name,
    outcome: fc.constantFrom(0 as const, 1 as const),
    finalAnswer: fc.option(text, { nil: undefined }),
    steps: countedSteps,
    names: someLabelNames,
    estimator: estimators,
    allocation,
    withErrors: fc.boolean(),
    origin: fc.option(fc.constant({ format: "trl", fields: { labels: { hard: [1] } } }), { nil: undefined }),
  })
  .map(({ names, estimator, withErrors, steps, finalAnswer, allocation: how, origin, ...identity }) => {
    const { labels, standardErrors } = labelSteps(steps, names, estimator);
    return {
      ...identity,
      ...(finalAnswer !== undefined && { finalAnswer }),
      steps,
      labels,
      ...(withErrors && { standardErrors }),
      ...(how && { allocation: how }),
      ...(estimator.kind === "posterior" && { estimator }),
      ...(origin && { origin }),
    };
  });
