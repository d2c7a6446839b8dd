/** The numbers of an evaluation: their defaults and their bounds. Apart from the stage, so that a help text does not load it. */
import { expectInteger, expectNumberIn, failArgument } from "../check.js";

export interface EvaluationSettings {
  /** A step with a score below it is taken for wrong, in [0, 1]; default `auto`: chosen on a part of the data. */
  threshold?: number | "auto" | undefined;
  /** Default 0. */
  seed?: number | undefined;
  /** Of the intervals, default 0.95. */
  level?: number | undefined;
  /** Draws of problems for the intervals, default 1000. */
  numBootstrap?: number | undefined;
  /** Sign flips for the p-values, default 100,000; at least 100 for each comparison are drawn. */
  numFlips?: number | undefined;
  /** Random subsets of a problem's candidates where there is no closed form, default 1000. */
  numSubsets?: number | undefined;
}

export const evaluationDefaults = {
  seed: 0,
  level: 0.95,
  numBootstrap: 1000,
  numFlips: 100_000,
  numSubsets: 1000,
} as const;

/** Completed by the defaults; `threshold` undefined: to be chosen. @throws ERPRM_INVALID_ARGUMENT */
export function completeSettings({ threshold = "auto", ...given }: EvaluationSettings) {
  const seed = expectInteger("seed", given.seed ?? evaluationDefaults.seed, 0, Number.MAX_SAFE_INTEGER);
  const level = expectNumberIn("level", given.level ?? evaluationDefaults.level, 0.01, 0.9999);
  const numBootstrap = expectInteger("numBootstrap", given.numBootstrap ?? evaluationDefaults.numBootstrap, 1);
  const numFlips = expectInteger("numFlips", given.numFlips ?? evaluationDefaults.numFlips, 1);
  const numSubsets = expectInteger("numSubsets", given.numSubsets ?? evaluationDefaults.numSubsets, 1);
  const fixed = threshold === "auto" ? undefined : expectNumberIn("threshold", threshold, 0, 1);
  return { threshold: fixed, seed, level, numBootstrap, numFlips, numSubsets };
}

/**
 * Most solutions of a problem, which bounds N.
 * @throws ERPRM_INVALID_ARGUMENT unless the Ns ascend from at least 1 to at most that
 */
export function expectCandidateNumbers(
  numCandidates: readonly number[],
  solutions: Iterable<{ problemId: string }>,
): readonly number[] {
  const counts = new Map<string, number>();
  for (const { problemId } of solutions) counts.set(problemId, (counts.get(problemId) ?? 0) + 1);
  const most = [...counts.values()].reduce((a, b) => Math.max(a, b), 0);
  if (numCandidates.length === 0) failArgument("the numbers of candidates", "at least one number", "none");
  for (const [i, n] of numCandidates.entries()) {
    expectInteger("a number of candidates (most solutions of a problem bound it)", n, 1, most);
    if (i > 0 && n <= (numCandidates[i - 1] as number)) {
      failArgument("the numbers of candidates", "ascending", numCandidates.join(","));
    }
  }
  return numCandidates;
}
