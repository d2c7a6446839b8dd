/**
 * How solution scores depend on the number of steps: Spearman's rank correlation over all candidates of all problems, over
 * the right and over the wrong ones, and the mean score in groups of solutions of about the same number of steps.
 */
import type { BootstrapOptions } from "../statistics/bootstrap.js";
import type { Aggregate } from "../types.js";
import type { LengthResult } from "./evaluation.js";
import type { CandidatePool } from "./pool.js";

export interface LengthOptions extends BootstrapOptions {
  /** One of the pool's models. */
  model: string;
  aggregate: Aggregate;
  /** Most groups, default 8. */
  numGroups?: number | undefined;
}

/** @throws ERPRM_INVALID_ARGUMENT for a model the pool does not have and as `bootstrap`; ERPRM_ABORTED */
export async function lengthResult(pool: CandidatePool, options: LengthOptions): Promise<LengthResult> {
  throw new Error(`not yet ${pool} ${options}`);
}
