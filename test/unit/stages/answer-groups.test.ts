import test from "ava";
import { Grader } from "../../../src/grading/grader.js";
import { type AnsweredSolution, answerGroups } from "../../../src/stages/answer-groups.js";
import type { Outcome } from "../../../src/types.js";

const solution = (finalAnswer: string | undefined, outcome: Outcome = 0, steps = ["So on"]): AnsweredSolution => ({
  ...{ finalAnswer, outcome, steps },
});

async function groups(t: { teardown(fn: () => unknown): void }, solutions: AnsweredSolution[]): Promise<number[]> {
  const grader = new Grader();
  t.teardown(() => grader.dispose());
  return answerGroups(solutions, grader);
}

test("wrong answers that are equal have one group, numbered by first occurrence", async (t) => {
  const all = ["0.5", "7", "\\frac{1}{2}", "blue", "7.0", "1/2"].map((answer) => solution(answer));
  t.deepEqual(await groups(t, all), [0, 1, 0, 2, 1, 0]);
});

test("all right answers are one group, however they are written", async (t) => {
  const all = [solution("8"), solution("x = 4", 1), solution("4 apples", 1), solution(undefined, 1), solution("8")];
  t.deepEqual(await groups(t, all), [0, 1, 1, 1, 0]);
});

test("a right and a wrong answer are never one, not even the same text", async (t) => {
  t.deepEqual(await groups(t, [solution("4", 1), solution("4", 0)]), [0, 1]);
});

test("an answer that the record does not name is looked for in the steps; without one there is no group", async (t) => {
  const stated = ["First.\n", "The answer is 12."];
  const all = [solution(undefined), solution("", 0, stated), solution("12"), solution(" ")];
  t.deepEqual(await groups(t, all), [-1, 0, 0, -1]);
  t.deepEqual(await groups(t, []), []);
});
