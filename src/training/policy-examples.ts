/**
 * Worked or graded solutions -> examples for a policy. The prompt is what a rollout would be given, token for token; the
 * loss begins with the first token of the solution and ends with the end token, which every solution gets exactly once.
 *
 * A solution that this tokenizer's policy rolled out keeps its own tokens where they spell its text: they are what the
 * policy said, and encoding the text anew may give others (sampling need not follow the tokenizer's merges). All other
 * solutions are text, encoded behind their prompt.
 */
import { ErprmError } from "../errors.js";
import { alignSteps } from "../text/align-steps.js";
import type { PromptSettings } from "../text/prompt.js";
import { defaultStepRule, type StepRule } from "../text/step-rule.js";
import type { TextModel } from "../text/text-model.js";
import type { Problem, Solution } from "../types.js";
import {
  type BuildOptions,
  type BuiltExamples,
  buildExamples,
  type Made,
  type Records,
  solutionName,
} from "./build-examples.js";
import type { PolicyExample } from "./example.js";

export interface PolicyExampleOptions extends BuildOptions {
  text: TextModel;
  prompt?: PromptSettings | undefined;
  /** How the steps were cut: joins steps that lost their delimiters. Default `auto`. */
  rule?: StepRule | undefined;
  /** Of graded solutions, take only those with outcome 1. Default true. */
  onlyCorrect?: boolean | undefined;
}

/**
 * The token that closes a solution: the end of the assistant's turn, or of the text for a model without a chat template.
 * @throws ERPRM_INVALID_DATA for a model that names none
 */
export function endTokenOf(text: TextModel): number {
  if (text.endTokenId !== undefined) return text.endTokenId;
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected the model to name one token that ends a solution (eos_token in tokenizer_config.json), received ${text.stopTokenIds.length === 0 ? "none" : `the stop tokens ${text.stopTokenIds.join(", ")}`}`,
    { field: "eos_token", received: text.stopTokenIds },
  );
}

/**
 * One example a problem with a worked solution (white space around it is dropped), index 0.
 * @throws ERPRM_INVALID_DATA when too many records are unfit or none is left, or as `endTokenOf`; ERPRM_INVALID_ARGUMENT; ERPRM_ABORTED
 */
export function policyExamplesFromProblems(
  problems: Records<Problem>,
  options: PolicyExampleOptions,
): Promise<BuiltExamples<PolicyExample>> {
  const encode = solutionEncoder(options);
  const make = ({ id, question, solution }: Problem): Made<PolicyExample> => {
    const worked = solution?.trim() ?? "";
    if (worked === "") return { fault: "no-solution" };
    return encode({ problemId: id, index: 0, question, steps: [worked] });
  };
  return buildExamples("policy", problems, ({ id, question }) => ({ problemId: id, question }), make, options);
}

/**
 * One example a solution. Left out and counted: wrong ones (unless `onlyCorrect` is false) and those that the length limit
 * cut off, which would teach the policy to stop anywhere.
 * @throws as `policyExamplesFromProblems`
 */
export function policyExamplesFromSolutions(
  solutions: Records<Solution>,
  options: PolicyExampleOptions,
): Promise<BuiltExamples<PolicyExample>> {
  const { onlyCorrect = true } = options;
  const encode = solutionEncoder(options);
  const make = (solution: Solution): Made<PolicyExample> => {
    if (onlyCorrect && solution.outcome !== 1) return { leftOut: "wrong-answer" };
    if (solution.finishReason === "length") return { leftOut: "cut-off" };
    if (solution.steps.join("").trim() === "") return { fault: "no-steps" };
    return encode(solution);
  };
  return buildExamples("policy", solutions, solutionName, make, options);
}

type SolutionText = Pick<Solution, "problemId" | "index" | "question" | "steps" | "tokenIds">;

function solutionEncoder(options: PolicyExampleOptions): (solution: SolutionText) => Made<PolicyExample> {
  const { text, prompt: settings = {}, rule = defaultStepRule } = options;
  const endToken = endTokenOf(text);
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  // The solutions of a problem follow each other.
  let last: { question: string; prompt: string; promptIds: Int32Array } | undefined;
  return (solution) => {
    const { problemId, index, question, steps } = solution;
    if (last?.question !== question) {
      const prompt = text.renderPrompt({ question, ...given });
      last = { question, prompt, promptIds: text.encodePrompt(prompt) };
    }
    const { prompt, promptIds } = last;
    const own = ownTokens(text, solution, endToken);
    const [before, words] =
      own === undefined ? encodeText(text, prompt, promptIds, steps, rule) : ([promptIds, own] as const);
    const inside = words.find((id) => id === endToken || text.stopTokenIds.includes(id));
    if (inside !== undefined) {
      return { fault: "end-token-inside", found: JSON.stringify(text.tokenizer.idToToken(inside)) };
    }
    return { example: makeExample({ problemId, index }, before, words, endToken) };
  };
}

/**
 * The solution's tokens without the end token, if they spell its steps and nothing else. They do not when another
 * tokenizer's policy sampled them, or when the text was edited since.
 */
function ownTokens({ tokenizer, stopTokenIds }: TextModel, { tokenIds, steps }: SolutionText, endToken: number) {
  if (tokenIds === undefined) return undefined;
  let end = tokenIds.length;
  const isEnd = (id: number | undefined) => id !== undefined && (id === endToken || stopTokenIds.includes(id));
  while (isEnd(tokenIds[end - 1])) end -= 1;
  const words = tokenIds.slice(0, end);
  // Special tokens have no text, so the text alone would not tell them from ours.
  if (words.some((id) => tokenizer.isSpecial(id) || tokenizer.idToToken(id) === undefined)) return undefined;
  return tokenizer.decode(words) === steps.join("") ? words : undefined;
}

/** [prompt, solution] in tokens. */
function encodeText(
  { tokenizer, encodePrompt }: TextModel,
  prompt: string,
  promptIds: Int32Array,
  steps: readonly string[],
  rule: StepRule,
): readonly [Int32Array, Int32Array] {
  const aligned = alignSteps({ tokenizer, encodePrompt, prompt, steps, rule });
  const { tokenIds, promptEnd } = aligned;
  if (promptIds.every((id, i) => tokenIds[i] === id)) {
    return [promptIds, tokenIds.subarray(promptIds.length)];
  }
  // A token reaches over the border. A policy is never given half of it: the prompt stays as a rollout has it.
  const alone = encodeAlone(tokenizer, aligned.steps.join(""));
  return alone === undefined ? [tokenIds.subarray(0, promptEnd), tokenIds.subarray(promptEnd)] : [promptIds, alone];
}

/**
 * The tokens of a text in the middle of another. Tokenizers of the SentencePiece kind put a space in front of what they are
 * given: it goes in front of a line end, which is taken off again. Undefined where the two share a token.
 */
function encodeAlone(tokenizer: TextModel["tokenizer"], words: string): Int32Array | undefined {
  if (!tokenizer.addsSpace) return tokenizer.encode(words, { addSpecialTokens: false });
  const tokenIds = tokenizer.encode(`\n${words}`, { addSpecialTokens: false });
  for (let end = 1; end < tokenIds.length; end++) {
    const before = tokenizer.decode(tokenIds.subarray(0, end));
    if (before === " \n" || before === "\n") return tokenIds.subarray(end);
    if (before.length > 2) break;
  }
  return undefined;
}

/** The end token is the last target and no input: nothing is predicted from it. */
function makeExample(
  name: { problemId: string; index: number },
  prompt: ArrayLike<number>,
  words: ArrayLike<number>,
  endToken: number,
): PolicyExample {
  const tokenIds = new Int32Array(prompt.length + words.length);
  tokenIds.set(prompt);
  tokenIds.set(words, prompt.length);
  const first = prompt.length - 1;
  const tokens = new Int32Array(words.length + 1);
  tokens.set(words);
  tokens[words.length] = endToken;
  return {
    kind: "policy",
    ...name,
    tokenIds,
    positions: tokens.map((_, p) => first + p),
    tokens,
    weights: new Float32Array(tokens.length).fill(1),
  };
}
