/**
 * Every method on every problem: the expected outcome of what it chooses from N of the problem's M candidates, over all
 * N-subsets. Closed forms where there are any (pass-at-n.ts, best-of-n.ts, majority-vote.ts), otherwise the mean over subsets
 * (subsets.ts, weighted-vote.ts), which all models and methods share. Problems with fewer than N candidates are left out of N.
 * Ties are resolved at random: nothing depends on the order of the candidates, except which subsets are drawn.
 */
import { expectInteger, failArgument } from "../check.js";
import { pauses } from "../statistics/pauses.js";
import type { Aggregate } from "../types.js";
import { bestOfNAccuracy, chanceOfBeingBest, outcomesByRank } from "./best-of-n.js";
import type { Computation, Method } from "./evaluation.js";
import { noAnswer } from "./group-answers.js";
import { majorityVoteAccuracy, majorityVoteCost, type Votes } from "./majority-vote.js";
import { passAtN, passAtOne } from "./pass-at-n.js";
import type { CandidatePool, PooledProblem } from "./pool.js";
import { defaultNumSubsets, type Subsets, subsetsOf } from "./subsets.js";
import { weightedVoteAccuracy } from "./weighted-vote.js";

export interface MethodOptions {
  /** Of best-of-N and weighted vote, in the order in which they are reported. */
  aggregates: readonly Aggregate[];
  /** The Ns, each at least 1; default `defaultNumCandidates(pool)`. */
  numCandidates?: readonly number[] | undefined;
  /** An integer from 0. */
  seed: number;
  /** Random subsets of a problem where there is no closed form, default 1000. */
  numSubsets?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** One method at one N. */
export interface MethodAccuracies {
  method: Method;
  /** `exact` when it is for every problem. */
  computation: Computation;
  /** One for each of `problemIds`, in [0, 1]. */
  accuracies: Float64Array;
}

export interface AccuraciesAtN {
  numCandidates: number;
  /** Problems with at least N candidates, in the order of the pool. */
  problemIds: string[];
  /** pass@1, majority, for each model and aggregate best-of-n and weighted-vote, pass@n: the same at every N. */
  methods: MethodAccuracies[];
}

/**
 * 1, 2, 4, ... and the largest N for which at least half of the problems have candidates.
 * @throws ERPRM_INVALID_ARGUMENT for a pool without problems
 */
export function defaultNumCandidates({ problems }: CandidatePool): number[] {
  const counts = problems.map(({ candidates }) => candidates.length).sort((a, b) => b - a);
  const largest = counts[Math.ceil(counts.length / 2) - 1];
  if (largest === undefined) failArgument("the pool", "one with problems", "none");
  const powers = Array.from({ length: 32 }, (_, i) => 2 ** i).filter((power) => power < largest);
  return [...powers, largest];
}

/**
 * Ascending in N.
 * @throws ERPRM_INVALID_ARGUMENT for options out of range, a candidate without a score of each model, and scores that are
 *   negative or not finite, naming the problem; ERPRM_ABORTED
 */
export async function methodAccuracies(
  pool: CandidatePool,
  { aggregates, numCandidates, seed, numSubsets = defaultNumSubsets, signal }: MethodOptions,
): Promise<AccuraciesAtN[]> {
  expectInteger("the number of subsets", numSubsets, 1);
  const ascending = [...new Set(numCandidates ?? defaultNumCandidates(pool))].sort((a, b) => a - b);
  for (const n of ascending) expectInteger("the number of candidates", n, 1);
  throw new Error(`not yet ${seed} ${aggregates} ${signal} ${pauses} ${subsetsOf}`);
}
