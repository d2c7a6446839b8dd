/**
 * Text -> final answer -> outcome: the one way in which the stages grade. A solution cut off by its length limit is graded
 * by whatever answer it states, like any other; one that states none is wrong.
 */
import { extractAnswer } from "../grading/extract.js";
import type { Outcome } from "../types.js";

/** What a stage needs of a grader; `Grader` (src/grading) is one. */
export interface OutcomeGrader {
  /** Grades off the event loop. A pair that cannot be decided within its budget counts as wrong. */
  grade(candidate: string, reference: string): Promise<{ correct: boolean }>;
}

export interface Graded {
  finalAnswer?: string;
  outcome: Outcome;
}

/** Grades texts against one reference answer; equal answers are graded once. */
export async function gradeTexts(
  grader: OutcomeGrader,
  texts: readonly string[],
  reference: string,
): Promise<Graded[]> {
  const correct = new Map<string, Promise<boolean>>();
  const isCorrect = (answer: string) => {
    let known = correct.get(answer);
    if (known === undefined) {
      known = grader.grade(answer, reference).then((grade) => grade.correct);
      correct.set(answer, known);
    }
    return known;
  };
  return Promise.all(
    texts.map(async (text) => {
      const finalAnswer = extractAnswer(text);
      if (finalAnswer === undefined) return { outcome: 0 as const };
      return { finalAnswer, outcome: (await isCorrect(finalAnswer)) ? (1 as const) : (0 as const) };
    }),
  );
}
