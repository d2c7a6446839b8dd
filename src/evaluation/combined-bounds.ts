/**
 * Bounds of what is computed from several shares, from their own bounds (method of variance estimates recovery, Zou and Donner 2008):
 * the distances by which each share alone, moved to its bound, moves the result, added like independent errors,
 *   low = f(s) - sqrt( sum over i of (f(s) - f(s with s_i at its low bound))^2 ),      high alike
 */
import type { Bounds } from "../statistics/share-interval.js";
import { firstErrorF1 } from "./first-error-f1.js";

type Estimated = Bounds & { value: number | null };
interface Known {
  value: number;
  low: number;
  high: number;
}

const none: Bounds = { low: null, high: null };
const isKnown = (share: Estimated): share is Known => share.value !== null && share.low !== null && share.high !== null;

/** Of the F1 of two accuracies; null where one has no bounds. */
export function boundsOfF1(accuracyWrong: Estimated, accuracyRight: Estimated): Bounds {
  if (!isKnown(accuracyWrong) || !isKnown(accuracyRight)) return none;
  const [a, b] = [accuracyWrong, accuracyRight];
  // From 0 and 0 neither moves F1 alone: both are moved, which is wider than needed.
  if (a.value === 0 && b.value === 0) return { low: 0, high: firstErrorF1(a.high, b.high) };
  const f1 = firstErrorF1(a.value, b.value);
  const distance = (end: "low" | "high") =>
    Math.hypot(f1 - firstErrorF1(a[end], b.value), f1 - firstErrorF1(a.value, b[end]));
  return { low: Math.max(0, f1 - distance("low")), high: Math.min(1, f1 + distance("high")) };
}

/** Of the unweighted mean of shares; null where one has no bounds. */
export function boundsOfMean(shares: readonly Estimated[]): Bounds {
  if (shares.length === 0 || !shares.every(isKnown)) return none;
  const known = shares as unknown as readonly Known[];
  const mean = known.reduce((sum, { value }) => sum + value, 0) / known.length;
  const distance = (end: "low" | "high") => Math.hypot(...known.map((one) => one.value - one[end])) / known.length;
  return { low: Math.max(0, mean - distance("low")), high: Math.min(1, mean + distance("high")) };
}
