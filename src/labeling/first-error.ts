/**
 * Binary search for the first step of a wrong solution from which no completion is correct, as in OmegaPRM
 * (arXiv:2406.06592). It takes for granted that there is no way back: where a completion from a step is correct, so is one
 * from every step before it. Where that is not so, it still ends at a step without a correct completion whose predecessor
 * has one, which need not be the first such step.
 *
 * The last step is not measured: the solution is wrong, so nothing correct follows it.
 */
import type { StepCounts } from "../types.js";
import type { PrefixCounts } from "./allocation.js";

/** Bounds of the search: the first error is one of the steps low..high; they are equal when it is found. */
function bracket(counts: readonly PrefixCounts[]): { low: number; high: number } {
  // Step counts.length is the last one.
  let high = counts.findIndex(({ numCompletions, numCorrect }) => numCompletions > 0 && numCorrect === 0);
  if (high === -1) high = counts.length;
  const low = counts.findLastIndex(({ numCorrect }, t) => t < high && numCorrect > 0) + 1;
  return { low, high };
}

/** The prefix to measure next; undefined when the first error is found. `counts`: one for each step but the last. */
export function nextInSearch(counts: readonly PrefixCounts[]): number | undefined {
  const { low, high } = bracket(counts);
  return low === high ? undefined : Math.floor((low + high) / 2);
}

/**
 * The step that stands in for one that was not measured: before the first error the next measured one, which has a correct
 * completion; behind it the nearest measured one before, which has none.
 */
export function inferredFrom(counts: readonly PrefixCounts[], stepIndex: number): number {
  const isMeasured = ({ numCompletions }: PrefixCounts) => numCompletions > 0;
  if (stepIndex < bracket(counts).high) return counts.findIndex((count, t) => t > stepIndex && isMeasured(count));
  return counts.findLastIndex((count, t) => t < stepIndex && isMeasured(count));
}

/** Index of the first step without a correct completion, inferred ones included; -1 when every step has one. */
export function firstErrorOf(steps: readonly StepCounts[]): number {
  return steps.findIndex(({ numCorrect, inferredFrom }) => {
    return (inferredFrom === undefined ? numCorrect : steps[inferredFrom]?.numCorrect) === 0;
  });
}
