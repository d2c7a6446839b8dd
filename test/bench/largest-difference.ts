/** How far two lists of scores are apart: infinitely where their lengths differ or a number is none. */
export function largestDifference(scores: readonly number[], expected: readonly number[]): number {
  if (scores.length !== expected.length) return Number.POSITIVE_INFINITY;
  const differences = scores.map((score, i) => Math.abs(score - (expected[i] as number)));
  return differences.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(0, ...differences);
}
