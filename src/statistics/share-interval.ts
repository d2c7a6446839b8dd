/**
 * Intervals of shares: means over problems of values from 0 to 1, or of several such values a problem. Where (almost) all of
 * them are right, or wrong, the bootstrap draws nothing but what it has seen, and its interval is far too narrow or of no width.
 * So it is never narrower here than Wilson's interval for the n that the spread over problems stands for:
 *   n = problems * p (1 - p) / variance over problems
 * with p and variance estimated as if z^2 more problems were there, one half all right, the other all wrong (as in the interval of
 * Agresti and Coull), without which both would be 0 where all are right. For one outcome 0 or 1 a problem that n is exactly the number of problems.
 */
import type { Estimate } from "./bootstrap.js";
import { normalDeviation } from "./normal-quantile.js";
import { wilsonBounds } from "./wilson.js";

/** Of an interval; null where there are too few problems for bounds. */
export interface Bounds {
  low: number | null;
  high: number | null;
}

/** Sum and number of the values of each problem: arrays of one length. */
export interface ValuesByProblem {
  sums: ArrayLike<number>;
  /** Absent: one value a problem. */
  counts?: ArrayLike<number> | undefined;
}

/** Wilson's interval of the share sum of sums / sum of counts; null bounds for no values. */
export function shareBounds({ sums, counts }: ValuesByProblem, level: number): Bounds {
  const z = normalDeviation(level);
  const problems = Array.from(sums, (sum, i) => ({ sum, count: counts ? (counts[i] as number) : 1 }));
  const filled = problems.filter(({ count }) => count > 0);
  if (filled.length === 0) return { low: null, high: null };
  const total = filled.reduce((all, { count }) => all + count, 0);
  const right = filled.reduce((all, { sum }) => all + sum, 0);
  const size = total / filled.length;
  const more = z * z;
  const p = (right + (size * more) / 2) / (total + size * more);
  const moreSpread = (size * size * more * ((1 - p) ** 2 + p ** 2)) / 2;
  const spread = filled.reduce((all, { sum, count }) => all + (sum - p * count) ** 2, moreSpread);
  const variance = spread / (filled.length + more) / (size * size);
  return wilsonBounds(Math.min(1, right / total), (filled.length * p * (1 - p)) / variance, z);
}

/** The estimate with the outer ones of its own and other bounds; one that has none (too few problems) gets none. */
export function widened({ value, low, high }: Estimate, bounds: Bounds): Estimate {
  if (low === null || high === null || bounds.low === null || bounds.high === null) return { value, low, high };
  return { value, low: Math.min(low, bounds.low), high: Math.max(high, bounds.high) };
}
