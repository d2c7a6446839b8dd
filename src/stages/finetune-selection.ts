/**
 * Which of a problem's solutions the policy is trained on. A solution that the length limit cut off is never taken, whatever
 * its score: it has no end that could be learned, and training on it would teach the policy to stop anywhere. Every tie goes
 * to the first.
 */
import { expectFiniteNumber, expectOneOf, failArgument } from "../check.js";
import { type TrainingSelection, trainingSelections } from "../evaluation/finetuning.js";
import type { Solution } from "../types.js";

export interface SelectionSettings {
  rule: TrainingSelection;
  /** Of `threshold`: the smallest score that is taken. */
  threshold?: number | undefined;
}

/** A solution as far as it matters here. `score`: its solution score, undefined for one that was not scored. */
export interface SelectionCandidate extends Pick<Solution, "outcome" | "finishReason" | "steps"> {
  score?: number | undefined;
}

/** True for the rules that go by scores. */
export function needsScores(rule: TrainingSelection): boolean {
  return rule !== "correct";
}

/** True for a solution with text that came to its end: one that a policy may be trained on. */
export function isUsable({ finishReason, steps }: Pick<Solution, "finishReason" | "steps">): boolean {
  return finishReason !== "length" && !isEmpty({ steps });
}

/** True for a solution without text. */
export function isEmpty({ steps }: Pick<Solution, "steps">): boolean {
  return steps.every((step) => step.trim() === "");
}

/** @throws ERPRM_INVALID_ARGUMENT for an unknown rule, and for a threshold where there must or must not be one */
export function checkSelection({ rule, threshold }: SelectionSettings): void {
  expectOneOf("the selection", rule, trainingSelections);
  if (rule === "threshold") expectFiniteNumber("the threshold of the selection", threshold);
  else if (threshold !== undefined) failArgument("the threshold", `given only with the selection threshold`, threshold);
}

/**
 * Indices of the selected solutions of one problem, ascending; empty when none is usable.
 *   `top`        the highest score among the usable ones, right or wrong: the paper's rule, which looks at no answer
 *   `top-correct` the highest score among the usable ones that are right
 *   `correct`    all usable ones that are right; no score is looked at
 *   `threshold`  all usable ones with a score of at least the threshold, right or wrong
 * @throws ERPRM_INVALID_ARGUMENT as `checkSelection`, and for a score that is no finite number
 */
export function selectSolutions(candidates: readonly SelectionCandidate[], settings: SelectionSettings): number[] {
  checkSelection(settings);
  const { rule, threshold = 0 } = settings;
  const usable = candidates.flatMap((candidate, index) => (isUsable(candidate) ? { ...candidate, index } : []));
  const right = usable.filter(({ outcome }) => outcome === 1);
  if (rule === "correct") return right.map(({ index }) => index);
  const scored = (rule === "top-correct" ? right : usable).flatMap(({ score, index }) =>
    score === undefined ? [] : { score: expectFiniteNumber(`the score of solution ${index}`, score), index },
  );
  if (rule === "threshold") return scored.filter(({ score }) => score >= threshold).map(({ index }) => index);
  const [first, ...others] = scored;
  if (first === undefined) return [];
  return [others.reduce((best, one) => (one.score > best.score ? one : best), first).index];
}
