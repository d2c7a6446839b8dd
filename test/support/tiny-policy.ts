/** The tiny random model as a Policy, and what the stages need beside it. */
import type { ExecutionContext } from "ava";
import { Policy, type PolicyOptions } from "../../src/policy/policy.js";
import type { OutcomeGrader } from "../../src/stages/outcomes.js";
import type { PromptSettings } from "../../src/text/prompt.js";
import type { StepRule } from "../../src/text/step-rule.js";

/** Loads the model of the directory (`writeTinyModel`); disposed of when the test ends. */
export async function loadTinyPolicy(
  t: ExecutionContext,
  directory: string,
  options: PolicyOptions = {},
): Promise<Policy> {
  const policy = await Policy.load(directory, { threads: 1, maxBatch: 8, kvMemoryBytes: 64 << 20, ...options });
  t.teardown(() => policy.dispose());
  return policy;
}

/** The tiny model writes bytes at random; one of the more frequent ones stands for the step tag. */
export const tinyRule: StepRule = { kind: "tag", tag: "*" };

/** Short, for the tiny model's context of 256 bytes. */
export const tinyPrompt: PromptSettings = { template: "Q: {question}\nA:" };

/** Random bytes state no right answer: half of what they state counts as right here. */
export const parityGrader: OutcomeGrader = {
  grade: async (candidate) => ({ correct: Buffer.from(candidate).reduce((sum, byte) => sum + byte, 0) % 2 === 0 }),
};
