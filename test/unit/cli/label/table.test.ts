import test from "ava";
import { labelTable } from "../../../../src/cli/label/table.js";
import type { LabelRecord } from "../../../../src/types.js";

const record: LabelRecord = {
  problemId: "p",
  index: 0,
  question: "?",
  answer: "4",
  outcome: 0,
  steps: [
    { text: "One and\none.\n", numCompletions: 16, numCorrect: 12 },
    { text: "Five.", numCompletions: 1, numCorrect: 0, terminal: true },
  ],
  labels: { hard: [1, 0], soft: [0.75, 0] },
  standardErrors: { soft: [0.1, 0] },
};

test("a row is a step: text on one line, count, labels with their errors", (t) => {
  const lines = labelTable(record, { colour: false, width: 100 }).split("\n");
  t.regex(lines[1] ?? "", /step .* correct .* hard .* soft/);
  t.regex(lines[3] ?? "", /One and one\. .* 12\/16 .* 1 .* 0\.75 ±0\.10/);
  t.regex(lines[5] ?? "", /Five\. .* wrong .* 0 .* 0\.00 +│/);
});

test("colours only where they are wanted", (t) => {
  t.false(labelTable(record, { colour: false, width: 100 }).includes("\x1b"));
  t.true(labelTable(record, { colour: true, width: 100 }).includes("\x1b[32m0.75 ±0.10\x1b[0m"));
});

test("a step that was not measured names the step whose labels it has", (t) => {
  const steps = [{ text: "First.", numCompletions: 0, numCorrect: 0, inferredFrom: 1 }, ...record.steps];
  const searched = { ...record, steps, labels: { soft: [0.75, 0.75, 0] }, standardErrors: { soft: [0.1, 0.1, 0] } };
  const lines = labelTable(searched, { colour: false, width: 100 }).split("\n");
  t.regex(lines[3] ?? "", /First\. .* as 2 .* 0\.75 ±0\.10/);
  t.regex(lines[5] ?? "", /One and one\. .* 12\/16/);
});
