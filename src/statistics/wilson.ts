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
const z95 = 1.959963984540054;

/** The proportion with its 95 % interval, or undefined for no trials. */
export function wilson(successes: number, n: number): Proportion | undefined {
  if (n === 0) return undefined;
  const value = successes / n;
  return { n, successes, value, ...wilsonBounds(value, n, z95) };
}

/**
 * The bounds around `value`, in [0, 1], of `n` trials: above 0, and not necessarily whole, where it is the number of trials that
 * would be as precise. `z`: the normal deviation of the level.
 */
export function wilsonBounds(value: number, n: number, z: number): { low: number; high: number } {
  const scale = 1 + (z * z) / n;
  const centre = (value + (z * z) / (2 * n)) / scale;
  const half = (z / scale) * Math.sqrt((value * (1 - value)) / n + (z * z) / (4 * n * n));
  // At 0 and 1 the outer bound is the value itself, but for rounding.
  return { low: Math.max(0, Math.min(value, centre - half)), high: Math.min(1, Math.max(value, centre + half)) };
}
