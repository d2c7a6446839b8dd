/** Quantiles of the standard normal distribution. */

/** P(Z <= x) for x from 0: 1/2 + phi(x) (x + x^3 / 3 + x^5 / (3 5) + ...), all terms positive. */
function cumulative(x: number): number {
  let sum = 0;
  for (let term = x, k = 1; sum + term > sum; k += 2, term *= (x * x) / k) sum += term;
  return 0.5 + density(x) * sum;
}

function density(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** The x that |Z| stays below with probability `level`, which lies strictly between 0 and 1: 1.96 for 0.95. */
export function normalDeviation(level: number): number {
  const share = (1 + level) / 2;
  // The distribution function is concave from 0 on, so Newton's method climbs to the root and never passes it.
  let x = 0;
  for (let step = Infinity; step > 1e-14 * x; x += step) step = (share - cumulative(x)) / density(x);
  return x;
}
