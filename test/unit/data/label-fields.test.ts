import test from "ava";
import { parseLabelRecord } from "../../../src/data/read-solutions.js";
import { ErprmError } from "../../../src/errors.js";
import type { LabelRecord } from "../../../src/types.js";

const place = { file: "labels.jsonl", line: 3 };

const record = (fields: object = {}): LabelRecord => ({
  problemId: "p",
  index: 0,
  question: "?",
  answer: "4",
  outcome: 0,
  steps: [
    { text: "a", numCompletions: 0, numCorrect: 0, inferredFrom: 1 },
    { text: "b", numCompletions: 4, numCorrect: 1 },
    { text: "c", numCompletions: 1, numCorrect: 0, terminal: true },
  ],
  labels: { soft: [0.25, 0.25, 0] },
  ...fields,
});

for (const fields of [
  { allocation: { kind: "first-error", numCompletions: 4 } },
  { allocation: { kind: "first-error", numCompletions: 4, minCompletions: 2 } },
  { allocation: { kind: "fixed", numCompletions: 4 } },
  { allocation: { kind: "adaptive", label: "er:2", tolerance: 0.1, minCompletions: 4, maxCompletions: 8 } },
  { allocation: { kind: "gain", label: "soft", gain: 0.001, minCompletions: 4, maxCompletions: 8 } },
  { estimator: { kind: "plug-in" } },
  { estimator: { kind: "posterior", prior: [0.3, 2] } },
]) {
  test(`a record keeps its ${JSON.stringify(fields)}`, (t) => {
    t.deepEqual(parseLabelRecord(JSON.parse(JSON.stringify(record(fields))), place), record(fields));
  });
}

const { steps } = record();
for (const [fields, field] of [
  [{ allocation: { kind: "random" } }, "allocation.kind"],
  [{ allocation: { kind: "fixed" } }, "allocation.numCompletions"],
  [{ allocation: { kind: "first-error", numCompletions: 4, minCompletions: 5 } }, "allocation.minCompletions"],
  [
    { allocation: { kind: "adaptive", label: "mean", tolerance: 0.1, minCompletions: 4, maxCompletions: 8 } },
    "allocation.label",
  ],
  [
    { allocation: { kind: "adaptive", label: "soft", tolerance: 0.1, minCompletions: 4, maxCompletions: 3 } },
    "allocation.maxCompletions",
  ],
  [
    { allocation: { kind: "gain", label: "soft", tolerance: 0.1, minCompletions: 4, maxCompletions: 4 } },
    "allocation.gain",
  ],
  [{ estimator: { kind: "mode" } }, "estimator.kind"],
  [{ estimator: { kind: "posterior" } }, "estimator.prior"],
  [{ estimator: { kind: "posterior", prior: [1] } }, "estimator.prior"],
  [{ estimator: { kind: "posterior", prior: [1, 0] } }, "estimator.prior[1]"],
  [{ steps: [{ ...steps[0], inferredFrom: 3 }, steps[1], steps[2]] }, "steps[0].inferredFrom"],
  [{ steps: [{ ...steps[0], inferredFrom: 0 }, steps[1], steps[2]] }, "steps[0].inferredFrom"],
  [{ steps: [{ ...steps[0], inferredFrom: -1 }, steps[1], steps[2]] }, "steps[0].inferredFrom"],
  [{ steps: [{ ...steps[0], numCompletions: 4 }, steps[1], steps[2]] }, "steps[0].numCompletions"],
] as const) {
  test(`a record with ${JSON.stringify(fields)} is refused at ${field}`, (t) => {
    const error = t.throws(() => parseLabelRecord(JSON.parse(JSON.stringify(record(fields))), place), {
      instanceOf: ErprmError,
    });
    t.is(error?.code, "ERPRM_INVALID_DATA");
    t.deepEqual(error?.details, { ...place, field });
  });
}
