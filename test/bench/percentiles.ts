/** Percentiles by nearest rank: always a value that was measured, never one in between. */

/** The smallest value that at least `share` (0 to 1) of all values do not exceed. @throws for no values, and for NaN among them */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0 || values.some(Number.isNaN)) {
    throw new Error(`Expected numbers to take a percentile of, received ${values.length} with NaN or none`);
  }
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}

/** Of one run, in milliseconds. */
export interface Latencies {
  p50: number;
  p99: number;
  max: number;
}

export function latenciesOf(milliseconds: readonly number[]): Latencies {
  const at = (share: number) => percentile(milliseconds, share);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
