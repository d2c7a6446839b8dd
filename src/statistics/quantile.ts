/** Quantiles of a sample. */

/** The value below which the `share` (0 to 1) of the ascending values lies, linear between the two nearest; NaN for none. */
export function quantile(values: Float64Array, share: number): number {
  const at = share * (values.length - 1);
  const below = Math.floor(at);
  const low = values[below] as number;
  const high = values[Math.min(below + 1, values.length - 1)] as number;
  return low + (high - low) * (at - below);
}
