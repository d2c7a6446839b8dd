/**
 * Finding the first wrong step, as ProcessBench (arXiv:2412.06559) defines it. The predicted step is the first one with a score below the
 * threshold, -1 (none) if there is none. With a = share of the solutions with a wrong step whose prediction is that very
 * step, and b = share of those without one whose prediction is none,
 *   F1 = 2 a b / (a + b),      0 where a = b = 0
 */
import type { BootstrapOptions } from "../statistics/bootstrap.js";
import type { FirstErrorResult } from "./evaluation.js";
import type { FirstErrorCase } from "./pool.js";

export interface FirstErrorOptions extends BootstrapOptions {
  /** Absent: chosen on a part of the problems, a function of the seed and their ids, and evaluated on the others. */
  threshold?: number | undefined;
  /** Share of problems, 0.05 to 0.95, on which the threshold is chosen; default 0.5. */
  thresholdShare?: number | undefined;
}

/** Index of the first score below the threshold, -1 if there is none. */
export function predictFirstError(stepScores: ArrayLike<number>, threshold: number): number {
  for (let i = 0; i < stepScores.length; i++) if ((stepScores[i] as number) < threshold) return i;
  return -1;
}

/**
 * @throws ERPRM_INVALID_ARGUMENT for options out of range, a first wrong step that is no step, scores that are not finite
 * @throws ERPRM_INVALID_DATA without a threshold, when either part lacks solutions with or without a wrong step; ERPRM_ABORTED
 */
export async function firstErrorResult(
  { model, data }: { model: string; data: string },
  cases: readonly FirstErrorCase[],
  options: FirstErrorOptions,
): Promise<FirstErrorResult> {
  throw new Error(`not yet ${model} ${data} ${cases} ${options}`);
}
