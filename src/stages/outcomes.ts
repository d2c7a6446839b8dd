/**
 * Text -> final answer -> outcome: the one way in which the stages grade. A solution cut off by its length limit is graded
 * by whatever answer it states, like any other; one that states none is wrong.
 */
import { extractAnswer } from "../grading/extract.js";
import type { Outcome } from "../types.js";

/** What a stage needs of a grader; `Grader` (src/grading) is one. */
export interface OutcomeGrader {
  /** Grades off the event loop. `method` is `timeout` or `fault` where the pair was not decided. */
  grade(candidate: string, reference: string): Promise<{ correct: boolean; method?: string }>;
}

/**
 * A pair that ran out of time on a machine that stood still is graded again, so that records do not depend on the clock.
 * One that is never decided counts as wrong: the grader's own limits make every pair a matter of milliseconds.
 */
const maxAttempts = 4;

/** Whether the grader takes the two for one answer. */
export async function isEqual(grader: OutcomeGrader, candidate: string, reference: string): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const { correct, method } = await grader.grade(candidate, reference);
    if ((method !== "timeout" && method !== "fault") || attempt === maxAttempts) return correct;
  }
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
      known = isEqual(grader, answer, reference);
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
