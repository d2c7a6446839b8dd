/**
 * Which of a problem's final answers are one answer. Right answers all equal the reference answer, so they are one group
 * without being compared; among wrong ones the grader decides, so that 0.5 and 1/2 have one vote together. A right and a wrong
 * answer are never one, whatever the grader would say of the two.
 */
import { groupAnswers, noAnswer } from "../evaluation/group-answers.js";
import { extractAnswer } from "../grading/extract.js";
import type { Outcome } from "../types.js";
import { isEqual, type OutcomeGrader } from "./outcomes.js";

export interface AnsweredSolution {
  outcome: Outcome;
  finalAnswer?: string | undefined;
  steps: readonly string[];
}

/**
 * The group of each solution's answer, from 0 in order of first occurrence; `noAnswer` for one that states none. An answer
 * that the record does not name is looked for in the steps.
 */
export async function answerGroups(solutions: readonly AnsweredSolution[], grader: OutcomeGrader): Promise<number[]> {
  const wrong = solutions.map((solution) => (solution.outcome === 1 ? undefined : answerOf(solution)));
  const wrongGroups = await groupAnswers(wrong, (a, b) => isEqual(grader, a, b));
  const numbers = new Map<number | "right", number>();
  return solutions.map(({ outcome }, i) => {
    const group = outcome === 1 ? "right" : (wrongGroups[i] as number);
    if (group === noAnswer) return noAnswer;
    if (!numbers.has(group)) numbers.set(group, numbers.size);
    return numbers.get(group) as number;
  });
}

/** Writers of other projects put an empty text where there is no answer. */
function answerOf({ finalAnswer, steps }: AnsweredSolution): string | undefined {
  return finalAnswer?.trim() ? finalAnswer : extractAnswer(steps.join(""));
}
