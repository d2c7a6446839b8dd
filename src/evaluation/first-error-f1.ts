/**
 * Finding the first wrong step, as ProcessBench (arXiv:2412.06559) defines it: the prediction is the first step with a score
 * below the threshold, -1 if there is none. With a = share of the solutions with a wrong step whose prediction is that very
 * step, and b = share of those without one whose prediction is -1,
 *   F1 = 2 a b / (a + b),      0 where a = b = 0
 */

/** Index of the first score below the threshold, -1 if there is none. */
export function predictFirstError(stepScores: ArrayLike<number>, threshold: number): number {
  for (let i = 0; i < stepScores.length; i++) if ((stepScores[i] as number) < threshold) return i;
  return -1;
}

/** NaN where either accuracy has no value. */
export function firstErrorF1(accuracyWrong: number, accuracyRight: number): number {
  const total = accuracyWrong + accuracyRight;
  return total === 0 ? 0 : (2 * accuracyWrong * accuracyRight) / total;
}
