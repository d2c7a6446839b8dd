/** Label records as a run writes them, any number of them, the same in every call. */
import { LabelText } from "../../src/data/label-text.js";
import { plugIn } from "../../src/data/step-labels.js";
import { generateProblems } from "../../src/problems/generate.js";
import type { StepCounts } from "../../src/types.js";
import { randomNumbers } from "../support/random-numbers.js";

const numCompletions = 16;
const solutionsOfProblem = 4;

/** Lines without their ends: solutions of made-up problems, about 4 steps and a kilobyte each. */
export function* labelLines(numRecords: number): Generator<string> {
  const random = randomNumbers(1);
  const text = new LabelText(["hard", "soft", "er:1", "er:2", "er:5"], plugIn);
  const problems = [...generateProblems({ num: 500 })];
  for (let i = 0; i < numRecords; i += 1) {
    const place = Math.floor(i / solutionsOfProblem);
    const { question, answer, solution = "" } = problems[place % problems.length] as (typeof problems)[0];
    const outcome = random() < 0.6 ? 1 : 0;
    const steps = solution
      .trimEnd()
      .split(/(?<=\n)/)
      .map((step): StepCounts => ({ text: step, numCompletions, numCorrect: Math.floor(random() * 17) }));
    const last = steps[steps.length - 1] as StepCounts;
    steps[steps.length - 1] = { text: last.text, numCompletions: 1, numCorrect: outcome, terminal: true };
    const identity = { problemId: `made-up-${place}`, index: i % solutionsOfProblem, question, answer, outcome };
    const { labels, standardErrors } = text.write(steps);
    const head = JSON.stringify({ ...identity, finalAnswer: answer, steps }).slice(0, -1);
    yield `${head},"labels":${labels},"standardErrors":${standardErrors}}`;
  }
}
