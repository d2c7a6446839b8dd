/** Binomial coefficients and probabilities, without overflow. */

/** C(m, n) where it is at most `limit`, otherwise Infinity. */
export function binomialUpTo(m: number, n: number, limit: number): number {
  const k = Math.min(n, m - n);
  if (k < 0) return 0;
  let value = 1;
  for (let i = 1; i <= k; i++) {
    // C(m - k + i, i) is an integer and grows with i; below 2^53 the product is exact.
    value = (value * (m - k + i)) / i;
    if (value > limit) return Number.POSITIVE_INFINITY;
  }
  return value;
}

/** P(j of m) = C(m, j) p^j (1 - p)^(m - j) for j = 0 .. m: [m + 1], sums to 1. `p` strictly between 0 and 1. */
export function binomialProbabilities(m: number, p: number): Float64Array {
  const values = new Float64Array(m + 1);
  const odds = p / (1 - p);
  const mode = Math.min(m, Math.floor((m + 1) * p));
  // Relative to the mode, so that nothing that matters can underflow; the sum then makes them probabilities.
  values[mode] = 1;
  for (let j = mode; j < m; j++) values[j + 1] = ((values[j] as number) * (m - j) * odds) / (j + 1);
  for (let j = mode; j > 0; j--) values[j - 1] = ((values[j] as number) * j) / ((m - j + 1) * odds);
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value / total);
}
