/** The prompt of a problem in tokens, checked against the context. */
import { ErprmError } from "../errors.js";
import type { RolloutPolicy } from "../policy/rollout-policy.js";
import type { PromptSettings } from "../text/prompt.js";

/** The part of a policy that prompts are made with. */
type PromptMaker = Pick<RolloutPolicy, "text" | "contextLength">;

export function promptText(policy: PromptMaker, question: string, settings: PromptSettings = {}): string {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return policy.text.renderPrompt({ question, ...(Object.fromEntries(given) as Record<keyof PromptSettings, string>) });
}

/** @throws ERPRM_INVALID_DATA naming the problem when its prompt leaves no room in the context. */
export function promptTokens(
  policy: PromptMaker,
  problem: { id: string; question: string },
  settings: PromptSettings | undefined,
): Int32Array {
  const tokenIds = policy.text.encodePrompt(promptText(policy, problem.question, settings));
  expectRoom(policy, tokenIds.length, `the prompt of problem ${JSON.stringify(problem.id)}`, problem.id);
  return tokenIds;
}

/** @throws ERPRM_INVALID_DATA when `numTokens` fill the policy's context; `what` names them. */
export function expectRoom(policy: PromptMaker, numTokens: number, what: string, problemId: string): void {
  if (numTokens < policy.contextLength) return;
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected ${what} to be shorter than the context of ${policy.contextLength} tokens, received ${numTokens} tokens`,
    { field: "question", problemId, received: numTokens, contextLength: policy.contextLength },
  );
}
