import test from "ava";
import { exportRecords } from "../../../../src/data/formats/export-records.js";
import { labelsFromCounts } from "../../../../src/data/step-labels.js";
import type { LabelRecord } from "../../../../src/types.js";
import { collect } from "../../../support/fake-policy.js";

const searched: LabelRecord = {
  problemId: "p",
  index: 0,
  question: "What is 2 + 2?",
  answer: "4",
  outcome: 0,
  steps: [
    { text: "Step 1: 2 + 2 is asked for.\n", numCompletions: 0, numCorrect: 0, inferredFrom: 1 },
    { text: "Step 2: It is 4.\n", numCompletions: 8, numCorrect: 6 },
    { text: "Step 3: Plus one.\n", numCompletions: 8, numCorrect: 0 },
    { text: "Step 4: The answer is 5.", numCompletions: 1, numCorrect: 0, terminal: true },
  ],
  labels: { hard: [1, 1, 0, 0] },
  allocation: { kind: "first-error", numCompletions: 8 },
};

test("a label that a searched record does not store is computed for its inferred steps too", async (t) => {
  const [written] = await collect(exportRecords("er-prm", [searched], { target: "er:2" }));
  const label = labelsFromCounts(8, 6, ["er:2"])["er:2"];
  t.deepEqual(written?.value, [label, label, 0, 0]);
});

test("an exported label that is not stored is that of the record's estimator", async (t) => {
  const estimator = { kind: "posterior", prior: [0.3, 0.2] } as const;
  const [written] = await collect(exportRecords("er-prm", [{ ...searched, estimator }], { target: "er:2" }));
  const labels = labelsFromCounts([8, 8], [6, 0], ["er:2"], estimator)["er:2"] as number[];
  t.deepEqual(written?.value, [labels[0], labels[0], labels[1], 0]);
  t.true((labels[1] as number) > 0);
});
