/** A number of several runs: the median, and how far the runs are apart. */
import { median } from "./measure.js";

export interface Spread {
  median: number;
  low: number;
  high: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median([...values]), low: Math.min(...values), high: Math.max(...values) };
}
