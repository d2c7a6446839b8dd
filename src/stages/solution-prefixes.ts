/**
 * A solution as a trunk and its prefixes. Its own sampled tokens are used where they are this policy's: where each step's
 * tokens decode to the step's text. Everything else (other people's solutions, another model's tokens, edited steps) is text
 * and is aligned to token boundaries (src/text/align-steps.ts). So is what was sampled by a policy that told no tokens; but it
 * was sampled behind the prompt, and is taken as it stands.
 */
import type { RolloutPolicy } from "../policy/rollout-policy.js";
import { alignSteps } from "../text/align-steps.js";
import type { PromptSettings } from "../text/prompt.js";
import type { StepRule } from "../text/step-rule.js";
import type { Solution } from "../types.js";
import { expectRoom, promptText, promptTokens } from "./question-prompt.js";

export interface SolutionPrefixes {
  /** Prompt and solution up to the last prefix that is completed; empty when there is none. */
  trunk: Int32Array;
  /** One for each step but the last: the prompt and steps 0..t. */
  prefixes: {
    /** Tokens of the trunk. */
    length: number;
    /** The solution's part of it. */
    text: string;
  }[];
  /** Whether the solution's own tokens were used. */
  ownTokens: boolean;
}

/** @throws ERPRM_INVALID_DATA when a prefix leaves no room in the context, or the tokenizer does not keep the text. */
export function prefixesOf(
  policy: RolloutPolicy,
  solution: Solution,
  { prompt, rule }: { prompt: PromptSettings | undefined; rule: StepRule },
): SolutionPrefixes {
  if (solution.steps.length < 2) return { trunk: new Int32Array(0), prefixes: [], ownTokens: true };
  const own = ownTokensOf(policy, solution);
  const { tokenIds, promptEnd, stepEnds } = own
    ? withPrompt(promptTokens(policy, { id: solution.problemId, question: solution.question }, prompt), own)
    : alignSteps({
        tokenizer: policy.text.tokenizer,
        encodePrompt: policy.text.encodePrompt,
        prompt: promptText(policy, solution.question, prompt),
        steps: solution.steps,
        rule,
        asWritten: isAsWritten(solution, rule),
      });
  const prefixes = stepEnds.slice(0, -1).map((end) => ({
    length: promptEnd + end,
    text: policy.text.tokenizer.decode(tokenIds.subarray(promptEnd, promptEnd + end), { skipSpecialTokens: true }),
  }));
  const longest = prefixes[prefixes.length - 1]?.length as number;
  const what = `the prompt of problem ${JSON.stringify(solution.problemId)} with solution ${solution.index} up to its last step`;
  expectRoom(policy, longest, what, solution.problemId);
  return { trunk: tokenIds.slice(0, longest), prefixes, ownTokens: own !== undefined };
}

/** Sampled by a policy that told no tokens, and every step has its delimiter: people who trim steps have none. */
function isAsWritten({ steps, tokenIds, finishReason }: Solution, rule: StepRule): boolean {
  if (tokenIds !== undefined || finishReason === undefined) return false;
  const tag = rule.kind === "tag" ? rule.tag : undefined;
  return steps.slice(0, -1).every((step) => /[ \t\n\r\f\v]$/.test(step) || (tag !== undefined && step.endsWith(tag)));
}

interface OwnTokens {
  tokenIds: readonly number[];
  stepEnds: readonly number[];
}

function ownTokensOf(
  { text: { tokenizer }, vocabularySize }: RolloutPolicy,
  solution: Solution,
): OwnTokens | undefined {
  const { tokenIds, stepEnds, steps } = solution;
  if (tokenIds === undefined || stepEnds === undefined || stepEnds.length !== steps.length) return undefined;
  if (tokenIds.some((id) => id >= vocabularySize)) return undefined;
  let start = 0;
  for (const [t, step] of steps.entries()) {
    const end = stepEnds[t] as number;
    if (tokenizer.decode(tokenIds.slice(start, end), { skipSpecialTokens: true }) !== step) return undefined;
    start = end;
  }
  return { tokenIds, stepEnds };
}

function withPrompt(prompt: Int32Array, { tokenIds, stepEnds }: OwnTokens) {
  const all = new Int32Array(prompt.length + tokenIds.length);
  all.set(prompt);
  all.set(tokenIds, prompt.length);
  return { tokenIds: all, promptEnd: prompt.length, stepEnds: [...stepEnds] };
}
