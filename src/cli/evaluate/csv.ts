/** evaluation.csv: every figure of an evaluation in a row of its own, with what it is a figure of. */
import type { Evaluation, Method } from "../../evaluation/evaluation.js";

/** In the order of the file. */
const columns = [
  "part",
  "rule",
  "model",
  "aggregate",
  "second_rule",
  "second_model",
  "second_aggregate",
  "num_candidates",
  "computation",
  "data",
  "from",
  "to",
  "measure",
  "value",
  "low",
  "high",
  "n",
] as const;

type Row = Partial<Record<(typeof columns)[number], string | number | null | undefined>>;

const second = ({ rule, model, aggregate }: Method): Row => ({
  second_rule: rule,
  second_model: model,
  second_aggregate: aggregate,
});

function* rows(evaluation: Evaluation): Generator<Row> {
  for (const { method, points } of evaluation.methods) {
    for (const { numCandidates, accuracy, computation, numProblems } of points) {
      const about = { part: "accuracy", ...method, num_candidates: numCandidates, computation };
      yield { ...about, measure: "accuracy", ...accuracy, n: numProblems };
    }
  }
  for (const { first, second: other, numCandidates, numProblems, ...found } of evaluation.comparisons) {
    const about = { part: "comparison", ...first, ...second(other), num_candidates: numCandidates, n: numProblems };
    yield { ...about, measure: "difference", ...found.difference };
    yield { ...about, measure: "p_value", value: found.pValue };
    yield { ...about, measure: "corrected_p_value", value: found.correctedPValue };
  }
  for (const { model, n, bins, numProblems, countBiases, ...measures } of evaluation.calibration) {
    yield { part: "calibration", model, measure: "problems", value: numProblems, n };
    for (const [name, estimate] of Object.entries(measures)) {
      yield { part: "calibration", model, measure: snakeCase(name), ...estimate, n };
    }
    for (const bias of countBiases ?? []) yield { part: "calibration", model, measure: `counts_${bias}`, value: 1, n };
    for (const { low, high, n, meanScore, meanSuccessRate, ...intervals } of bins) {
      const about = { part: "reliability", model, from: low, to: high, n };
      yield { ...about, measure: "mean_score", value: meanScore, ...intervals.meanScoreInterval };
      yield { ...about, measure: "mean_success_rate", value: meanSuccessRate, ...intervals.meanSuccessRateInterval };
    }
  }
  for (const one of evaluation.firstErrors) {
    const { model, data, numWrong, numRight } = one;
    const about = { part: "first_error", model, data };
    yield {
      ...about,
      computation: one.thresholdFrom,
      measure: "threshold",
      value: one.threshold,
      n: one.numThresholdSolutions,
    };
    yield { ...about, measure: "accuracy_wrong", ...one.accuracyWrong, n: numWrong };
    yield { ...about, measure: "accuracy_right", ...one.accuracyRight, n: numRight };
    yield { ...about, measure: "f1", ...one.f1, n: numWrong + numRight };
    for (const bias of one.countBiases ?? []) yield { ...about, measure: `counts_${bias}`, value: 1 };
    if (one.numLeftOut !== undefined) yield { ...about, measure: "left_out", value: one.numLeftOut };
  }
  for (const { model, aggregate, n, numProblems, areaWithinProblems, areaOverall } of evaluation.discriminations) {
    const about = { part: "discrimination", model, aggregate };
    yield { ...about, measure: "area_within_problems", ...areaWithinProblems, n: numProblems };
    yield { ...about, measure: "area_overall", ...areaOverall, n };
  }
  for (const { model, aggregate, n, groups, ...correlations } of evaluation.lengths) {
    const about = { part: "length", model, aggregate };
    for (const [name, estimate] of Object.entries(correlations)) {
      yield { ...about, measure: snakeCase(name), ...estimate, n };
    }
    for (const { from, to, n, meanScore, accuracy, ...intervals } of groups) {
      yield { ...about, from, to, measure: "mean_score", value: meanScore, ...intervals.meanScoreInterval, n };
      yield { ...about, from, to, measure: "accuracy", value: accuracy, ...intervals.accuracyInterval, n };
    }
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** RFC 4180, but for line ends of one character. */
function field(value: string | number | null | undefined): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A head line, then one line a figure. Empty fields: does not apply, or has no value. */
export function evaluationCsv(evaluation: Evaluation): string {
  const lines = [columns.join(",")];
  for (const row of rows(evaluation)) lines.push(columns.map((name) => field(row[name])).join(","));
  return `${lines.join("\n")}\n`;
}
