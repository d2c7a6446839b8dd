/**
 * Which methods are compared, always on the same problems and the same subsets: best-of-N and weighted vote of each reward
 * model with majority vote and with pass@1, and best-of-N of each pair of reward models with the same aggregate. Only at the
 * largest N and for the first aggregate (the evaluation's default one) unless more is asked for: each comparison makes all
 * others' corrected p-values larger. A difference has its interval by the bootstrap over problems, its p-value by sign flips.
 */
import type { BootstrapOptions } from "../statistics/bootstrap.js";
import type { Aggregate } from "../types.js";
import type { Comparison } from "./evaluation.js";
import type { AccuraciesAtN } from "./methods.js";

export interface ComparisonOptions extends BootstrapOptions {
  /** Draws of a test, default 10,000. */
  numFlips?: number | undefined;
  /** The Ns to compare at, of those evaluated; default the largest one above 1. N = 1 is never compared. */
  numCandidates?: readonly number[] | undefined;
  /** Default the first one evaluated. */
  aggregates?: readonly Aggregate[] | undefined;
}

/**
 * Holm's correction is over all comparisons returned. None where no N is above 1.
 * @throws ERPRM_INVALID_ARGUMENT for an N or an aggregate that was not evaluated and as `bootstrap`; ERPRM_ABORTED
 */
export async function compareMethods(
  accuracies: readonly AccuraciesAtN[],
  options: ComparisonOptions,
): Promise<Comparison[]> {
  throw new Error(`not yet ${accuracies} ${options}`);
}
