/**
 * Calibration: among the prefixes with a score near s, is the share s of completions right? The prefixes, ascending by
 * score, are cut into bins of equal mass (weight); prefixes with one score are never parted, so there may be fewer bins.
 *   calibration error = sum over bins of mass(bin) / mass * |mean score - mean success rate|
 * It is 0 for no model that is scored on few prefixes: each bin's own noise adds to it.
 */
import { expectPositiveInteger } from "../check.js";
import type { SortedPrefixes } from "./measures.js";

export const defaultCalibrationBins = 10;

export interface CalibrationBin {
  /** Smallest and largest score in the bin. */
  low: number;
  high: number;
  /** Prefixes. */
  n: number;
  /** Sum of their weights. */
  weight: number;
  meanScore: number;
  meanSuccessRate: number;
}

/** At most `numBins` bins, ascending; none for no prefixes. @throws ERPRM_INVALID_ARGUMENT for fewer than one bin */
export function calibrationTable(
  { scores, successRates, weights }: SortedPrefixes,
  numBins = defaultCalibrationBins,
): CalibrationBin[] {
  expectPositiveInteger("the number of bins", numBins);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const bins: CalibrationBin[] = [];
  let mass = 0;
  let start = 0;
  let numClosed = 0;
  for (let i = 0; i < scores.length; i++) {
    mass += weights[i] as number;
    const isLast = i + 1 === scores.length;
    if (!isLast && scores[i + 1] === scores[i]) continue;
    // A last bit of the sums must not move a prefix to another bin.
    const numFull = Math.floor((mass / total) * numBins + 1e-9);
    if (!isLast && numFull <= numClosed) continue;
    const bin = binOf(scores, successRates, weights, start, i + 1);
    if (bin.weight > 0) bins.push(bin);
    start = i + 1;
    numClosed = numFull;
  }
  return bins;
}

/** In [0, 1]; NaN for no bins. */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  const total = bins.reduce((sum, { weight }) => sum + weight, 0);
  const sum = bins.reduce((all, bin) => all + bin.weight * Math.abs(bin.meanScore - bin.meanSuccessRate), 0);
  return sum / total;
}

function binOf(
  scores: Float64Array,
  successRates: Float64Array,
  weights: Float64Array,
  start: number,
  end: number,
): CalibrationBin {
  let weight = 0;
  let score = 0;
  let rate = 0;
  for (let i = start; i < end; i++) {
    const w = weights[i] as number;
    weight += w;
    score += w * (scores[i] as number);
    rate += w * (successRates[i] as number);
  }
  return {
    low: scores[start] as number,
    high: scores[end - 1] as number,
    n: end - start,
    weight,
    meanScore: score / weight,
    meanSuccessRate: rate / weight,
  };
}
