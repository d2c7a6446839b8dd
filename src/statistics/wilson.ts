/** The Wilson score interval of a proportion: what every accuracy is printed with. */

export interface Proportion {
  /** Trials. */
  n: number;
  successes: number;
  value: number;
  /** Bounds of the 95 % interval, in [0, 1]. */
  low: number;
  high: number;
}

/** Two-sided 95 % quantile of the normal distribution. */
const z = 1.959963984540054;

/** The proportion with its 95 % interval, or undefined for no trials. */
export function wilson(successes: number, n: number): Proportion | undefined {
  if (n === 0) return undefined;
  const value = successes / n;
  const scale = 1 + (z * z) / n;
  const centre = (value + (z * z) / (2 * n)) / scale;
  const half = (z / scale) * Math.sqrt((value * (1 - value)) / n + (z * z) / (4 * n * n));
  return { n, successes, value, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
