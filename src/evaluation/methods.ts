/**
 * Every method on every problem: the expected outcome of what it chooses from N of the problem's M candidates, over all
 * N-subsets. Closed forms where there are any (pass-at-n.ts, best-of-n.ts, majority-vote.ts), otherwise the mean over subsets
 * (subsets.ts, weighted-vote.ts), which all models and methods share. Problems with fewer than N candidates are left out of N.
 * Ties are resolved at random: nothing depends on the order of the candidates, except which subsets are drawn.
 */
import { expectInteger, expectNumberIn, failArgument } from "../check.js";
import { pauses } from "../statistics/pauses.js";
import type { Aggregate } from "../types.js";
import { ballotsOf } from "./ballots.js";
import { bestOfNAccuracy, chanceOfBeingBest, outcomesByRank } from "./best-of-n.js";
import type { Computation, Method } from "./evaluation.js";
import { noAnswer } from "./group-answers.js";
import { majorityVoteAccuracy, majorityVoteCost, type Votes } from "./majority-vote.js";
import { passAtN, passAtOne } from "./pass-at-n.js";
import type { CandidatePool, PooledProblem } from "./pool.js";
import { defaultNumSubsets, type SubsetOptions, subsetsOf } from "./subsets.js";
import { weightedVoteAccuracy } from "./weighted-vote.js";

export interface MethodOptions {
  /** Those of each of the pool's models, for best-of-N and weighted vote; the first is the model's default one. */
  aggregates: readonly (readonly Aggregate[])[];
  /** The Ns, each at least 1; default `defaultNumCandidates(pool)`. */
  numCandidates?: readonly number[] | undefined;
  /** An integer from 0. */
  seed: number;
  /** Random subsets of a problem where there is no closed form, default 1000. */
  numSubsets?: number | undefined;
  /** Is told how many of the problems that have N candidates are done. */
  onProgress?: ((numCandidates: number, done: number, total: number) => void) | undefined;
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
  { aggregates, numCandidates, seed, numSubsets = defaultNumSubsets, onProgress, signal }: MethodOptions,
): Promise<AccuraciesAtN[]> {
  expectInteger("the number of subsets", numSubsets, 1);
  if (aggregates.length !== pool.models.length) {
    failArgument("aggregates", `${pool.models.length} lists, one for each model,`, aggregates.length);
  }
  const all = pool.problems.map((problem) => prepare(problem, pool.models, aggregates));
  const pause = pauses("computing accuracies", signal);
  const accuracies: AccuraciesAtN[] = [];
  for (const n of ascendingNs(numCandidates ?? defaultNumCandidates(pool))) {
    const problems = all.filter(({ outcomes }) => outcomes.length >= n);
    const methods = methodsOf(pool.models, aggregates).map((method) => newAccuracies(method, problems.length));
    for (const [i, problem] of problems.entries()) {
      onProgress?.(n, i, problems.length);
      await pause();
      const choices = choicesOf(problem, n, { seed, problemId: problem.problemId, numSubsets });
      for (const [k, { accuracy, computation }] of choices.entries()) {
        const one = methods[k] as MethodAccuracies;
        one.accuracies[i] = accuracy;
        if (computation === "resampled") one.computation = computation;
      }
    }
    accuracies.push({ numCandidates: n, problemIds: problems.map(({ problemId }) => problemId), methods });
  }
  return accuracies;
}

function ascendingNs(numCandidates: readonly number[]): number[] {
  for (const n of numCandidates) expectInteger("the number of candidates", n, 1);
  return [...new Set(numCandidates)].sort((a, b) => a - b);
}

function methodsOf(models: readonly string[], aggregates: readonly (readonly Aggregate[])[]): Method[] {
  const scored = models.flatMap((model, m) =>
    (aggregates[m] ?? []).flatMap((aggregate): Method[] => [
      { rule: "best-of-n", model, aggregate },
      { rule: "weighted-vote", model, aggregate },
    ]),
  );
  return [{ rule: "pass@1" }, { rule: "majority" }, ...scored, { rule: "pass@n" }];
}

function newAccuracies(method: Method, numProblems: number): MethodAccuracies {
  return { method, computation: "exact", accuracies: new Float64Array(numProblems) };
}

/** A problem as arrays over its candidates, with what is the same at every N. */
interface Prepared {
  problemId: string;
  outcomes: Float64Array;
  groups: Int32Array;
  votes: Votes;
  /** One for each model and aggregate, in the order of the methods. */
  scored: { scores: Float64Array; rankedOutcomes: Float64Array }[];
}

function prepare(
  { problemId, candidates }: PooledProblem,
  models: readonly string[],
  aggregates: readonly (readonly Aggregate[])[],
): Prepared {
  const outcomes = Float64Array.from(candidates, ({ outcome }) => outcome);
  const groups = Int32Array.from(candidates, ({ answerGroup }) => answerGroup);
  const scored = models.flatMap((model, m) =>
    (aggregates[m] ?? []).map((aggregate) => {
      const scores = Float64Array.from(candidates, (candidate, i) => {
        const score = candidate.scores[m]?.[aggregate];
        const name = `the ${aggregate} score of ${model} for candidate ${i} of problem ${problemId}`;
        return expectNumberIn(name, score, 0, Number.MAX_VALUE);
      });
      return { scores, rankedOutcomes: outcomesByRank(scores, outcomes) };
    }),
  );
  return { problemId, outcomes, groups, votes: votesOf(groups, outcomes), scored };
}

function votesOf(groups: Int32Array, outcomes: Float64Array): Votes {
  const sizes: number[] = [];
  const numRight: number[] = [];
  for (const [i, group] of groups.entries()) {
    if (group === noAnswer) continue;
    sizes[group] = (sizes[group] ?? 0) + 1;
    numRight[group] = (numRight[group] ?? 0) + (outcomes[i] as number);
  }
  // Numbers of groups need not be contiguous.
  const used = [...sizes.keys()].filter((group) => sizes[group] !== undefined);
  return {
    sizes: used.map((group) => sizes[group] as number),
    meanOutcomes: used.map((group) => (numRight[group] as number) / (sizes[group] as number)),
    numWithoutAnswer: groups.filter((group) => group === noAnswer).length,
  };
}

interface Choice {
  accuracy: number;
  computation: Computation;
}

/** Most multiplications of an exact majority vote, some 20 ms; above it is resampled. */
const maxMajorityCost = 2 ** 24;

/** In the order of `methodsOf`. */
function choicesOf({ outcomes, groups, votes, scored }: Prepared, n: number, options: SubsetOptions): Choice[] {
  const isMajorityExact = majorityVoteCost(votes, n, maxMajorityCost) <= maxMajorityCost;
  const chances = chanceOfBeingBest(outcomes.length, n);
  const exact = (accuracy: number): Choice => ({ accuracy, computation: "exact" });
  const choices = [exact(passAtOne(outcomes))];
  if (isMajorityExact) choices.push(exact(majorityVoteAccuracy(votes, n)));
  if (!isMajorityExact || scored.length > 0) {
    const subsets = subsetsOf(outcomes.length, n, options);
    const ballots = ballotsOf(subsets, groups, outcomes);
    const voted = (scores: Float64Array): Choice => {
      return { accuracy: weightedVoteAccuracy(ballots, scores), computation: subsets.computation };
    };
    if (!isMajorityExact) choices.push(voted(new Float64Array(outcomes.length).fill(1)));
    for (const { scores, rankedOutcomes } of scored) {
      choices.push(exact(bestOfNAccuracy(rankedOutcomes, chances)), voted(scores));
    }
  }
  choices.push(exact(passAtN(outcomes, n)));
  return choices;
}
