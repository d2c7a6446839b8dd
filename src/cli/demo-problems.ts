/**
 * What `erprm demo` works on: problems of our own that the built-in policy gets right now and then. Another policy is shown by
 * two worked examples how a solution is written: one step a line.
 */
import type { Sampling } from "../policy/sampling.js";
import { generateProblem } from "../problems/generate.js";
import type { PromptSettings } from "../text/prompt.js";
import type { Problem } from "../types.js";

export const demoPolicy = "builtin:tiny";

/** Of the test split, which the built-in policy has not seen; chosen so that some solutions are right and some wrong. */
const indices = [9, 30, 32];

export function demoProblems(): Problem[] {
  return indices.map((index) => {
    const { id, question, answer } = generateProblem(index, { split: "test" });
    return { id, question, answer };
  });
}

export interface DemoSettings {
  prompt: PromptSettings;
  /** Of solutions and completions alike. */
  sampling: Partial<Sampling>;
}

function workedExamples(): string {
  return [0, 1]
    .map((index) => generateProblem(index, { split: "train", difficulty: "easy" }))
    .map(({ question, solution }) => `Question: ${question}\nAnswer: ${solution}\n\n`)
    .join("");
}

/** The built-in policy was trained on such problems and needs no more than the question. */
export function demoSettings(policy: string): DemoSettings {
  if (policy === demoPolicy) return { prompt: {}, sampling: { temperature: 1, maxTokens: 256 } };
  return {
    prompt: { template: `${workedExamples()}Question: {question}\nAnswer:` },
    sampling: { temperature: 0.7, maxTokens: 160, stop: ["\n\n", "Question:"] },
  };
}
