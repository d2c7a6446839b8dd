/**
 * Question and steps -> the tokens a reward model reads, and where each step's score is read. Scoring and training both
 * come through here: a label stands where the score of its step is read. A tag is put in as token ids, never as text: text
 * beside it could change the tokens it is read as, and the label would be lost without a word.
 */
import { failArgument } from "../check.js";
import { alignSteps } from "../text/align-steps.js";
import type { PromptSettings } from "../text/prompt.js";
import { blankTail } from "../text/split-steps.js";
import type { StepRule } from "../text/step-rule.js";
import type { TextModel } from "../text/text-model.js";
import type { Convention, TokenText } from "./convention.js";
import { chatEncoder } from "./encode-chat.js";
import { encodePieces } from "./encode-pieces.js";

/** What is scored: a question and the steps of a solution, whole or as far as it goes. */
export interface StepText {
  question: string;
  steps: readonly string[];
}

export interface EncodedSteps {
  tokenIds: Int32Array;
  /** [steps] indices into `tokenIds`, ascending: the token whose final hidden state gives the step's score. */
  positions: Int32Array;
}

/** The context is not looked at: whoever knows its length checks `tokenIds.length`. */
export interface StepEncoder {
  /**
   * @throws ERPRM_INVALID_ARGUMENT for no steps
   * @throws ERPRM_INVALID_DATA when the tokenizer changes the text, or the chat template gives a step's answer no place of its own
   */
  encode(solution: StepText): EncodedSteps;
}

/**
 * `rule` is how the steps were cut: it says which delimiter joins steps that lost theirs.
 * @throws ERPRM_INVALID_ARGUMENT for a convention that these tokens or this model's templates cannot serve
 */
export function stepEncoder(text: TextModel, convention: Convention, rule: StepRule): StepEncoder {
  if (convention.kind === "chat") return chatEncoder(text, convention);
  const { tag, layout, prompt } = convention;
  for (const id of tag.tokenIds) {
    if (text.tokenizer.idToToken(id) === undefined) {
      failArgument("the tag", "tokens of the model's vocabulary", `token id ${id}`);
    }
  }
  if (tag.tokenIds.length === 0) failArgument("the tag", "at least one token", JSON.stringify(tag.text));
  return {
    encode({ question, steps }) {
      if (steps.length === 0) failArgument("steps", "at least one step", "none");
      const bare = steps.map((step) => withoutTag(step, tag));
      const rendered = renderedPrompt(text, question, prompt);
      const pieces = layout
        ? encodePieces(text, rendered, bare, tag, layout)
        : cutAtEnds(text, rendered, bare, tag, rule);
      return insertTags(pieces, tag);
    },
  };
}

export function renderedPrompt(text: TextModel, question: string, settings: PromptSettings): string {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return text.renderPrompt({ question, ...(Object.fromEntries(given) as Record<keyof PromptSettings, string>) });
}

/** Some policies write the tag themselves (Math-Shepherd's do); one tag a step is enough. */
function withoutTag(step: string, { text }: TokenText): string {
  const visible = text.trim();
  const end = blankTail(step);
  const words = step.slice(0, end);
  if (visible === "" || !words.endsWith(visible)) return step;
  return words.slice(0, -visible.length).replace(/[ \t]+$/, "") + step.slice(end);
}

/** The text encoded once, cut after each step's delimiter; the first piece holds the prompt too. */
function cutAtEnds(text: TextModel, prompt: string, steps: readonly string[], tag: TokenText, rule: StepRule) {
  // Otherwise the rule would write the tag into the text again.
  const isOurs = rule.kind === "tag" && rule.tag.trim() === tag.text.trim();
  const { tokenizer, encodePrompt } = text;
  const joined = isOurs ? ({ kind: "newline" } as const) : rule;
  const { tokenIds, promptEnd, stepEnds } = alignSteps({ tokenizer, encodePrompt, prompt, steps, rule: joined });
  let start = 0;
  return stepEnds.map((end) => {
    const piece = tokenIds.subarray(start, promptEnd + end);
    start = promptEnd + end;
    return piece;
  });
}

/** Each piece followed by the tag. */
export function insertTags(pieces: readonly Int32Array[], { tokenIds: tag }: TokenText): EncodedSteps {
  const tokenIds = new Int32Array(pieces.reduce((sum, piece) => sum + piece.length + tag.length, 0));
  const positions = new Int32Array(pieces.length);
  let end = 0;
  for (const [t, piece] of pieces.entries()) {
    tokenIds.set(piece, end);
    tokenIds.set(tag, end + piece.length);
    end += piece.length + tag.length;
    positions[t] = end - 1;
  }
  return { tokenIds, positions };
}
