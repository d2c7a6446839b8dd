/**
 * From what a user says of a convention (texts) to what a model reads (token ids), checked against its vocabulary: a tag or
 * candidate that the vocabulary lacks must be an error before anything is trained or scored, not labels that are never seen.
 */
import { expectInteger, failArgument } from "../check.js";
import type { PromptSettings } from "../text/prompt.js";
import type { TextModel } from "../text/text-model.js";
import type { Candidates, Convention, ConventionKind, TagLayout, TokenText } from "./convention.js";
import { differences, encodeConversation } from "./encode-chat.js";
import { shownTokens, spelling, tokensOf } from "./token-text.js";

/** A convention in texts. What is absent has the default of its kind. */
export interface ConventionRequest {
  /** Default `step-tag`. */
  kind?: ConventionKind | undefined;
  /** Default " ки". Not for `chat`. */
  tag?: string | undefined;
  /** Default " +", for `chat` "+". Not for `classification`. */
  positive?: string | undefined;
  /** Default " -", for `chat` "-". Not for `classification`. */
  negative?: string | undefined;
  /** Default 0. For `classification` alone. */
  positiveClass?: number | undefined;
  /** Default: as for policies. */
  prompt?: PromptSettings | undefined;
  layout?: TagLayout | undefined;
}

export const defaultTag = " ки";
export const defaultCandidates = {
  "step-tag": { positive: " +", negative: " -" },
  chat: { positive: "+", negative: "-" },
} as const;

/**
 * @param vocabularySize rows of the model's output matrix; some models have fewer than their tokenizer has tokens
 * @throws ERPRM_INVALID_ARGUMENT for a tag the vocabulary cannot spell, candidates that are not one token each or are equal;
 *   ERPRM_INVALID_DATA for a chat template that fails
 */
export function resolveConvention(
  text: TextModel,
  request: ConventionRequest = {},
  vocabularySize = text.tokenizer.vocabularySize,
): Convention {
  const { kind = "step-tag", prompt = {}, layout } = request;
  if (kind === "chat") {
    return { kind, prompt, candidates: chatCandidates(text, request, prompt, vocabularySize) };
  }
  const tag = tagOf(text, request.tag ?? defaultTag, vocabularySize);
  const common = { prompt, tag, ...(layout && { layout }) };
  if (kind === "step-tag") {
    return { kind, ...common, candidates: stepTagCandidates(text, request, vocabularySize) };
  }
  return { kind, ...common, positiveClass: expectInteger("positiveClass", request.positiveClass ?? 0) };
}

function tagOf({ tokenizer }: TextModel, text: string, vocabularySize: number): TokenText {
  const tokenIds = tokensOf(tokenizer, text);
  if (tokenIds === undefined || tokenIds.some((id) => id >= vocabularySize)) {
    failArgument("the step tag", "a text that the model's vocabulary can spell", text);
  }
  return { text, tokenIds };
}

function stepTagCandidates({ tokenizer }: TextModel, request: ConventionRequest, vocabularySize: number): Candidates {
  const defaults = defaultCandidates["step-tag"];
  const texts = { positive: request.positive ?? defaults.positive, negative: request.negative ?? defaults.negative };
  const positive = spelled("positive", texts.positive);
  const negative = spelled("negative", texts.negative);
  // Where a vocabulary has no token for sign and space together, the sign alone decides: both begin with the same space.
  const space = positive.slice(0, -1);
  const isSplitAlike =
    space.length === negative.length - 1 &&
    space.every((id, index) => id === negative[index]) &&
    spelling(tokenizer, space).trim() === "";
  if (!isSplitAlike) {
    const [name, ids] = positive.length > 1 ? (["positive", positive] as const) : (["negative", negative] as const);
    failCandidate(name, texts[name], shownTokens(tokenizer, ids));
  }
  const last = (ids: readonly number[]): TokenText => {
    const tokenIds = ids.slice(-1);
    return { text: spelling(tokenizer, tokenIds), tokenIds };
  };
  return expectCandidates({ positive: last(positive), negative: last(negative) }, vocabularySize);

  function spelled(name: "positive" | "negative", text: string): number[] {
    return tokensOf(tokenizer, text) ?? failCandidate(name, text, "tokens that do not spell it");
  }
}

/** In a chat the candidates are what the template makes of them in the answer's place. */
function chatCandidates(
  text: TextModel,
  request: ConventionRequest,
  prompt: PromptSettings,
  vocabularySize: number,
): Candidates {
  const positive = request.positive ?? defaultCandidates.chat.positive;
  const negative = request.negative ?? defaultCandidates.chat.negative;
  if (!text.hasChatTemplate) {
    failArgument("the model", "one with a chat template, which the chat convention writes its turns with,", "none");
  }
  const withPositive = encodeConversation(text, ["step"], positive, prompt);
  const withNegative = encodeConversation(text, ["step"], negative, prompt);
  const places = differences(withPositive, withNegative);
  const [place] = places ?? [];
  if (place === undefined || places?.length !== 1) {
    const { tokenizer } = text;
    const [p, n] = [positive, negative].map((one) => tokensOf(tokenizer, one) ?? []) as [number[], number[]];
    failCandidate(
      "positive",
      positive,
      `${shownTokens(tokenizer, p)}; ${JSON.stringify(negative)} as ${shownTokens(tokenizer, n)}`,
    );
  }
  const at = (ids: Int32Array, word: string): TokenText => ({ text: word, tokenIds: [ids[place] as number] });
  return expectCandidates(
    { positive: at(withPositive, positive), negative: at(withNegative, negative) },
    vocabularySize,
  );
}

/** @throws ERPRM_INVALID_ARGUMENT unless there are two different ones, each one token of the model's vocabulary. */
export function expectCandidates(candidates: Candidates, vocabularySize: number): Candidates {
  for (const name of ["positive", "negative"] as const) {
    const { text, tokenIds } = candidates[name];
    const [id] = tokenIds;
    if (tokenIds.length !== 1 || id === undefined) failCandidate(name, text, `${tokenIds.length} tokens`);
    if (id >= vocabularySize) failCandidate(name, text, `token ${id}, and the model has ${vocabularySize}`);
  }
  const { positive, negative } = candidates;
  if (positive.tokenIds[0] === negative.tokenIds[0]) {
    failArgument(
      "the negative candidate",
      `another token than the positive one, ${positive.tokenIds[0]}`,
      negative.text,
    );
  }
  return candidates;
}

function failCandidate(name: "positive" | "negative", text: string, found: string): never {
  return failArgument(`the ${name} candidate`, `one token of the model's vocabulary (it encodes to ${found})`, text);
}
