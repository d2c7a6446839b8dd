/**
 * From scores and answers to one choice, and the estimate of what choosing could reach at best.
 * Every tie goes to the first, so that a result never depends on anything but the order of its input.
 */
import { expectInteger, expectOneOf, failArgument } from "../check.js";
import type { Aggregate } from "../types.js";

export const aggregates = ["min", "last", "mean", "product"] as const satisfies readonly Aggregate[];

/** Step scores of one solution -> its score. @throws ERPRM_INVALID_ARGUMENT for no steps or a score that is not finite. */
export function aggregate(stepScores: ArrayLike<number>, how: Aggregate): number {
  const scores = finite("stepScores", stepScores);
  if (scores.length === 0) failArgument("stepScores", "at least one score", stepScores.length);
  switch (expectOneOf("how", how, aggregates)) {
    case "min":
      return Math.min(...scores);
    case "last":
      return scores[scores.length - 1] as number;
    case "mean":
      return scores.reduce((sum, score) => sum + score, 0) / scores.length;
    case "product":
      return scores.reduce((product, score) => product * score, 1);
  }
}

/** Index of the highest of N solution scores. @throws ERPRM_INVALID_ARGUMENT for no scores or one that is not finite. */
export function bestOfN(solutionScores: ArrayLike<number>): number {
  const scores = finite("solutionScores", solutionScores);
  if (scores.length === 0) failArgument("solutionScores", "at least one score", scores.length);
  let best = 0;
  for (const [i, score] of scores.entries()) if (score > (scores[best] as number)) best = i;
  return best;
}

export interface Vote {
  /** The answer that won, as the first solution with it stated it. */
  answer: string;
  /** That solution's index. */
  index: number;
  /** Votes or summed scores of the answer. */
  weight: number;
}

/** When two answers are one; must be an equivalence. The default compares strings. */
export type SameAnswer = (a: string, b: string) => boolean;

const identical: SameAnswer = (a, b) => a === b;

/** The most frequent answer. Solutions without an answer do not vote; undefined when none has one. */
export function majorityVote(answers: readonly (string | undefined)[], same: SameAnswer = identical): Vote | undefined {
  return vote(answers, () => 1, same);
}

/**
 * The answer with the largest sum of its solutions' scores.
 * @throws ERPRM_INVALID_ARGUMENT unless there is one finite score of at least 0 for each answer.
 */
export function weightedVote(
  answers: readonly (string | undefined)[],
  solutionScores: ArrayLike<number>,
  same: SameAnswer = identical,
): Vote | undefined {
  const scores = finite("solutionScores", solutionScores);
  if (scores.length !== answers.length) {
    failArgument("solutionScores", `one score for each of ${answers.length} answers`, scores.length);
  }
  const negative = scores.find((score) => score < 0);
  if (negative !== undefined) failArgument("solutionScores", "at least 0 each", negative);
  return vote(answers, (i) => scores[i] as number, same);
}

/**
 * Unbiased estimate of pass@k, the probability that at least one of k solutions is correct, from n = numSolutions drawn
 * solutions of which c = numCorrect are: 1 - C(n - c, k) / C(n, k) (arXiv:2107.03374, eq. 1).
 * @throws ERPRM_INVALID_ARGUMENT unless 0 <= numCorrect <= numSolutions and 1 <= k <= numSolutions.
 */
export function passAtK(numSolutions: number, numCorrect: number, k: number): number {
  expectInteger("numSolutions", numSolutions, 1);
  expectInteger("numCorrect", numCorrect, 0, numSolutions);
  expectInteger("k", k, 1, numSolutions);
  const numWrong = numSolutions - numCorrect;
  if (numWrong < k) return 1;
  // C(n-c, k) / C(n, k) as a product of ratios below 1, which cannot overflow.
  let allWrong = 1;
  for (let i = numWrong + 1; i <= numSolutions; i += 1) allWrong *= 1 - k / i;
  return 1 - allWrong;
}

function vote(answers: readonly (string | undefined)[], weightOf: (i: number) => number, same: SameAnswer) {
  const candidates: Vote[] = [];
  for (const [index, answer] of answers.entries()) {
    if (answer === undefined) continue;
    const known = candidates.find((candidate) => same(candidate.answer, answer));
    if (known) known.weight += weightOf(index);
    else candidates.push({ answer, index, weight: weightOf(index) });
  }
  return candidates.reduce<Vote | undefined>(
    (best, one) => (best && best.weight >= one.weight ? best : one),
    undefined,
  );
}

function finite(name: string, values: ArrayLike<number>): number[] {
  return Array.from(values, (value, i) => {
    if (!Number.isFinite(value)) failArgument(`${name}[${i}]`, "a finite number", value);
    return value;
  });
}
