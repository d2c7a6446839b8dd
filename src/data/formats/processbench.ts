/**
 * ProcessBench (arXiv:2412.06559): `label` is the 0-based first wrong step, -1 when all are right. Of the steps after the
 * first wrong one the format says nothing; they are read as wrong, for their prefix holds an error.
 */
import type { Outcome } from "../../types.js";
import { type Format, joinable, trimmedSteps } from "./format.js";

/** Its steps are paragraphs. */
const separator = "\n\n";

export const processbench: Format = {
  name: "processbench",
  labels: "binary",
  importedLabel: "hard",
  cannotHold: [
    "problem id and index (joined in id)",
    "reference answer",
    "completion counts and standard errors",
    "labels after the first wrong step, and labels other than the exported one",
  ],

  read(fields, losses) {
    const steps = fields.strings("steps");
    if (steps.length === 0) fields.fail("steps", "at least one step");
    const firstWrong = fields.integer("label", -1, steps.length - 1);
    if (firstWrong !== -1 && firstWrong < steps.length - 1)
      losses.add("labels after the first wrong step (read as wrong)");
    const outcome = Number(fields.oneOf("final_answer_correct", [true, false])) as Outcome;
    return [
      {
        problemId: fields.text("id"),
        question: fields.text("problem"),
        outcome,
        steps: joinable(steps, separator),
        values: steps.map((_, i) => Number(firstWrong === -1 || i < firstWrong)),
        extra: fields.rest(["id", "problem", "steps", "label", "final_answer_correct"]),
      },
    ];
  },

  write({ record, values, extra }, losses) {
    const label = values.indexOf(0);
    if (label !== -1 && values.includes(1, label)) losses.add("labels after the first wrong step");
    if (record.outcome === undefined) losses.add("final_answer_correct (the record has no outcome)");
    const isFromHere = record.origin?.format === "processbench" && record.index === 0;
    return {
      id: isFromHere ? record.problemId : `${record.problemId}-${record.index}`,
      ...extra,
      problem: record.question,
      steps: trimmedSteps(record.steps, losses, separator),
      final_answer_correct: record.outcome === undefined ? null : record.outcome === 1,
      label,
    };
  },
};
