/**
 * How well step scores s predict whether a prefix leads to the answer. A prefix whose completions were right with the rate
 * p stands for p of a right and 1 - p of a wrong one; weights w, all 1 unless given:
 *   Brier score        mean of p (1 - s)^2 + (1 - p) s^2                 0 .. 1, less is better
 *   constant Brier     the same for the constant s = mean p, which is what no model at all can do: c (1 - c)
 *   cross-entropy      mean of -(p ln s + (1 - p) ln(1 - s))             nats
 *   area under curve   share of pairs of a right and a wrong one in which the right one has the higher score, ties half
 * All of them but the area and the constant's are linear in each prefix's p, so rates from a few completions, their number fixed beforehand, make
 * them noisier without a bias; in the area a prefix also meets itself, a tie. Where sampling stopped because of what was
 * counted the rates are biased, and so are the measures. Calibration: calibration.ts.
 */
import { failArgument } from "../check.js";
import { calibrationError, calibrationTable, defaultCalibrationBins } from "./calibration.js";

/** Arrays of one length n. */
export interface ScoredPrefixes {
  /** In [0, 1]. */
  scores: ArrayLike<number>;
  /** Share of completions that were right, in [0, 1]. */
  successRates: ArrayLike<number>;
  /** At least 0, for example the number of completions; absent: all 1. */
  weights?: ArrayLike<number> | undefined;
}

/** Checked, in ascending order of the scores. */
export interface SortedPrefixes {
  scores: Float64Array;
  successRates: Float64Array;
  weights: Float64Array;
  /** Place of each prefix in the arrays it came from. */
  places: Int32Array;
}

/** @throws ERPRM_INVALID_ARGUMENT for arrays of other lengths and numbers outside their range, naming the place */
export function sortPrefixes({ scores, successRates, weights }: ScoredPrefixes): SortedPrefixes {
  const n = scores.length;
  if (successRates.length !== n) failArgument("successRates", `${n} numbers, one a score,`, successRates.length);
  if (weights !== undefined && weights.length !== n)
    failArgument("weights", `${n} numbers, one a score,`, weights.length);
  for (let i = 0; i < n; i++) {
    expectShare("scores", i, scores[i] as number);
    expectShare("successRates", i, successRates[i] as number);
    const weight = weights === undefined ? 1 : (weights[i] as number);
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) failArgument(`weights[${i}]`, "at least 0", weight);
  }
  const places = Int32Array.from({ length: n }, (_, i) => i);
  places.sort((a, b) => (scores[a] as number) - (scores[b] as number) || a - b);
  const inOrder = (values: ArrayLike<number>) => Float64Array.from(places, (place) => values[place] as number);
  return {
    scores: inOrder(scores),
    successRates: inOrder(successRates),
    weights: weights === undefined ? new Float64Array(n).fill(1) : inOrder(weights),
    places,
  };
}

function expectShare(name: string, i: number, value: number): void {
  if (!(value >= 0 && value <= 1)) failArgument(`${name}[${i}]`, "a number from 0 to 1", value);
}

/** Weighted mean of a function of score and rate; NaN for no weight at all. */
function mean({ scores, successRates, weights }: SortedPrefixes, value: (s: number, p: number) => number): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < scores.length; i++) {
    const weight = weights[i] as number;
    sum += weight * value(scores[i] as number, successRates[i] as number);
    total += weight;
  }
  return sum / total;
}

export function brierScore(prefixes: SortedPrefixes): number {
  return mean(prefixes, (s, p) => p * (1 - s) ** 2 + (1 - p) * s ** 2);
}

/** Brier score of one score for all; by default the best such one, the mean success rate of these very prefixes. */
export function constantBrierScore(prefixes: SortedPrefixes, constant = meanSuccessRate(prefixes)): number {
  return mean(prefixes, (_, p) => p * (1 - constant) ** 2 + (1 - p) * constant ** 2);
}

export function meanSuccessRate(prefixes: SortedPrefixes): number {
  return mean(prefixes, (_, p) => p);
}

export function meanScore(prefixes: SortedPrefixes): number {
  return mean(prefixes, (s) => s);
}

/** Scores are kept this far from 0 and 1, half a step of a 32-bit float below 1: a score that was rounded to 1 is not sure. */
const scoreMargin = 2 ** -25;

export function crossEntropy(prefixes: SortedPrefixes): number {
  return mean(prefixes, (score, p) => {
    const s = Math.min(Math.max(score, scoreMargin), 1 - scoreMargin);
    return -(p * Math.log(s) + (1 - p) * Math.log1p(-s));
  });
}

/** NaN when nothing is ever right, or nothing ever wrong. */
export function areaUnderCurve({ scores, successRates, weights }: SortedPrefixes): number {
  let ordered = 0;
  let right = 0;
  let wrong = 0;
  for (let i = 0; i < scores.length; ) {
    let rightHere = 0;
    let wrongHere = 0;
    const score = scores[i];
    for (; i < scores.length && scores[i] === score; i++) {
      const weight = weights[i] as number;
      rightHere += weight * (successRates[i] as number);
      wrongHere += weight * (1 - (successRates[i] as number));
    }
    ordered += rightHere * (wrong + wrongHere / 2);
    right += rightHere;
    wrong += wrongHere;
  }
  return ordered / (right * wrong);
}

/** Each measure is null where it has no value: no prefixes, or for the area nothing right or nothing wrong. */
export interface Measures {
  /** Prefixes. */
  n: number;
  brierScore: number | null;
  constantBrierScore: number | null;
  areaUnderCurve: number | null;
  calibrationError: number | null;
  /** Bins of equal mass that the calibration error was computed with. */
  numBins: number;
  crossEntropy: number | null;
  meanScore: number | null;
  meanSuccessRate: number | null;
}

/** The measures of which intervals are given. */
export const measureNames = [
  "brierScore",
  "constantBrierScore",
  "areaUnderCurve",
  "calibrationError",
  "crossEntropy",
  "meanScore",
  "meanSuccessRate",
] as const satisfies readonly (keyof Measures)[];
export type MeasureName = (typeof measureNames)[number];

export function measureSorted(sorted: SortedPrefixes, numBins = defaultCalibrationBins): Measures {
  const orNull = (value: number) => (Number.isFinite(value) ? value : null);
  return {
    n: sorted.scores.length,
    brierScore: orNull(brierScore(sorted)),
    constantBrierScore: orNull(constantBrierScore(sorted)),
    areaUnderCurve: orNull(areaUnderCurve(sorted)),
    calibrationError: orNull(calibrationError(calibrationTable(sorted, numBins))),
    numBins,
    crossEntropy: orNull(crossEntropy(sorted)),
    meanScore: orNull(meanScore(sorted)),
    meanSuccessRate: orNull(meanSuccessRate(sorted)),
  };
}

/** All measures of the prefixes. @throws ERPRM_INVALID_ARGUMENT as `sortPrefixes`, and for fewer than one bin */
export function measure(prefixes: ScoredPrefixes, { numBins }: { numBins?: number | undefined } = {}): Measures {
  return measureSorted(sortPrefixes(prefixes), numBins);
}
