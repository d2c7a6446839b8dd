/**
 * Does a model tell the right candidates of one problem from the wrong ones? That is all that best-of-N asks of it: scores that only
 * know how hard a problem is have a large area under the curve over all candidates, and 1/2 within problems.
 */
import { failArgument } from "../check.js";
import { type BootstrapOptions, bootstrap, defaultBootstrap, type Estimate } from "../statistics/bootstrap.js";
import { areaUnderCurve, sortPrefixes } from "../statistics/measures.js";
import { shareBounds, widened } from "../statistics/share-interval.js";
import type { Aggregate } from "../types.js";
import { meansOverProblems } from "./accuracy.js";
import type { DiscriminationResult } from "./evaluation.js";
import type { Candidate, CandidatePool } from "./pool.js";

export interface DiscriminationOptions extends BootstrapOptions {
  /** One of the pool's models. */
  model: string;
  aggregate: Aggregate;
}

function sortedOf(candidates: readonly Candidate[], m: number, aggregate: Aggregate) {
  return sortPrefixes({
    scores: candidates.map(({ scores }) => scores[m]?.[aggregate] as number),
    successRates: candidates.map(({ outcome }) => outcome),
  });
}

/** Place of a model in the scores of the pool. */
function placeOf({ models }: CandidatePool, model: string): number {
  const m = models.indexOf(model);
  if (m < 0) failArgument("the model", `one of ${models.join(", ")}`, model);
  return m;
}

/**
 * Of each problem, the share of pairs of a right and a wrong candidate in which the right one has the higher solution score, ties
 * half; NaN for a problem that lacks one of the two.
 * @throws ERPRM_INVALID_ARGUMENT for a model the pool does not have
 */
export function areasWithinProblems(pool: CandidatePool, model: string, aggregate: Aggregate): Float64Array {
  const m = placeOf(pool, model);
  return Float64Array.from(pool.problems, ({ candidates }) => areaUnderCurve(sortedOf(candidates, m, aggregate)));
}

/**
 * The mean of `areasWithinProblems` over problems that have both, and the area over all candidates, whichever their problems.
 * @throws ERPRM_INVALID_ARGUMENT for a model the pool does not have and options out of range; ERPRM_ABORTED
 */
export async function discriminationResult(
  pool: CandidatePool,
  { model, aggregate, ...options }: DiscriminationOptions,
): Promise<DiscriminationResult> {
  const { problems } = pool;
  const within = areasWithinProblems(pool, model, aggregate).filter((area) => !Number.isNaN(area));
  const [mean] = within.length > 0 ? await meansOverProblems([within], within.length, options) : [];
  const bounds = shareBounds({ sums: within }, options.level ?? defaultBootstrap.level);

  const candidates = problems.flatMap((problem) => problem.candidates);
  const all = sortedOf(candidates, placeOf(pool, model), aggregate);
  const problemOf = problems.flatMap((problem, p) => problem.candidates.map(() => p));
  const overall = (times: Float64Array) => {
    for (const [i, place] of all.places.entries()) all.weights[i] = times[problemOf[place] as number] as number;
    return [areaUnderCurve(all)];
  };
  const [areaOverall] = await bootstrap(problems.length, overall, options);
  return {
    ...{ model, aggregate, numProblems: within.length },
    areaWithinProblems: mean ? widened(mean, bounds) : { value: null, low: null, high: null },
    ...{ n: problemOf.length, areaOverall: areaOverall as Estimate },
  };
}
