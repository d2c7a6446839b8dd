/** An evaluation as tables for a terminal. */
import { calibrationErrorNote } from "../../evaluation/calibration-error-note.js";
import { allCountBiases, countBiasNote } from "../../evaluation/count-bias.js";
import type {
  AccuracyPoint,
  CalibrationResult,
  Comparison,
  DiscriminationResult,
  Estimate,
  Evaluation,
  FirstErrorResult,
  LengthResult,
  Method,
} from "../../evaluation/evaluation.js";
import { cell, compactTable, inlineCell, none, pText, table } from "../figure-table.js";

/** `best-of-n er min`: the rule, the model and its aggregate. */
export function methodName({ rule, model, aggregate }: Method): string {
  return [rule, model, aggregate].filter((part) => part !== undefined).join(" ");
}

const percent = (estimate: Estimate) => cell(estimate, 1, 100);
const number = (estimate: Estimate) => cell(estimate, 3);

/** Accuracies: a row a method, a column an N. */
function accuracyTable({ methods, numCandidates, numProblems }: Evaluation): string {
  const points = methods[0]?.points ?? [];
  const heads = numCandidates.map((n) => {
    const eligible = points.find((point) => point.numCandidates === n)?.numProblems ?? 0;
    return `N = ${n}${eligible === numProblems ? "" : `\nof ${eligible}`}`;
  });
  const at = (all: readonly AccuracyPoint[], n: number) => {
    const point = all.find(({ numCandidates }) => numCandidates === n);
    if (!point) return none;
    return `${point.computation === "exact" ? "" : "~"}${percent(point.accuracy)}`;
  };
  const rows = methods.map(({ method, points }) => [methodName(method), ...numCandidates.map((n) => at(points, n))]);
  return table(["accuracy in %", ...heads], rows);
}

/** At the largest N that was compared at, a line a pair. */
function comparisonTable(comparisons: readonly Comparison[]): string {
  const largest = Math.max(...comparisons.map(({ numCandidates }) => numCandidates));
  const shown = comparisons.filter(({ numCandidates }) => numCandidates === largest);
  const rows = shown.map(({ first, second, difference, ...p }) => [
    methodName(first),
    methodName(second),
    inlineCell(difference, 1, 100),
    pText(p.pValue, p.pValueIsFloor),
    pText(p.correctedPValue, p.correctedPValueIsFloor),
  ]);
  const title = `accuracy at N = ${largest}, ${shown[0]?.numProblems} problems`;
  return compactTable([title, "minus that of", "difference in points of %", "p", "p corrected"], rows);
}

function discriminationTable(results: readonly DiscriminationResult[]): string {
  const rows = results.map(({ model, aggregate, numProblems, areaWithinProblems, areaOverall }) => [
    `${model} ${aggregate}`,
    `${numProblems}`,
    inlineCell(areaWithinProblems, 3),
    inlineCell(areaOverall, 3),
  ]);
  const title = "right above wrong: area under the curve";
  const table = compactTable([title, "problems with both", "within problems", "over all candidates"], rows);
  return `${table}Within problems 0.5 is chance: best-of-N by such scores gains nothing.\n`;
}

function calibrationTable(results: readonly CalibrationResult[]): string {
  const rows = results.map((one) => [
    one.model,
    `${one.n}\nof ${one.numProblems} problems`,
    ...[one.brierScore, one.constantBrierScore, one.areaUnderCurve, one.calibrationError].map(number),
  ]);
  const head = ["calibration", "prefixes", "Brier score", "of a constant", "area", "calibration error"];
  return `${table(head, rows)}${calibrationErrorNote}\n`;
}

const thresholdSources: Record<FirstErrorResult["thresholdFrom"], (one: FirstErrorResult) => string> = {
  given: () => "given",
  split: ({ numThresholdSolutions }) => `best on ${numThresholdSolutions} others`,
  default: () => "default: too few to choose",
};

function firstErrorTable(results: readonly FirstErrorResult[]): string {
  const rows = results.map((one) => [
    one.model,
    one.data,
    `${one.threshold.toPrecision(3)}\n${thresholdSources[one.thresholdFrom](one)}`,
    `${percent(one.accuracyWrong)}\nn = ${one.numWrong}`,
    `${percent(one.accuracyRight)}\nn = ${one.numRight}`,
    percent(one.f1),
  ]);
  return table(["first wrong step in %", "data", "threshold", "found", "none found in right ones", "F1"], rows);
}

function lengthTable(results: readonly LengthResult[]): string {
  const rows = results.map((one) => [
    `${one.model} ${one.aggregate}`,
    ...[one.correlation, one.correlationRight, one.correlationWrong].map(number),
  ]);
  return table(["score and number of steps: rank correlation", "all", "right", "wrong"], rows);
}

/** All tables that have rows, the accuracies first; of the comparisons those at the largest N that was compared at. */
export function evaluationTables(evaluation: Evaluation): string {
  const { comparisons, calibration, firstErrors, lengths, discriminations, level, methods } = evaluation;
  const isResampled = methods.some(({ points }) => points.some(({ computation }) => computation === "resampled"));
  const note = countBiasNote(allCountBiases([...calibration, ...firstErrors].map((one) => one.countBiases ?? [])));
  return [
    accuracyTable(evaluation),
    `${Number((100 * level).toPrecision(12))} % intervals by bootstrap over problems, of shares at least Wilson's.${isResampled ? ` ~: mean over ${evaluation.numSubsets} random choices of N; the others are exact.` : ""}\n`,
    comparisons.length > 0 && comparisonTable(comparisons),
    discriminations.length > 0 && discriminationTable(discriminations),
    calibration.length > 0 && calibrationTable(calibration),
    firstErrors.length > 0 && firstErrorTable(firstErrors),
    note !== undefined && `${note}\n`,
    lengths.length > 0 && lengthTable(lengths),
  ]
    .filter((part) => part !== false)
    .join("");
}
