/** Sums and means. */

export function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** NaN for no values. */
export function mean(values: Float64Array): number {
  return sum(values) / values.length;
}
