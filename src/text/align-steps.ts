/**
 * Steps from elsewhere (other people's solutions) on our tokens. Prompt and solution are encoded once, as one text; then
 * the prompt's end and each step's end move to the first token end that reaches them, outside UTF-8 characters: the rule
 * of cut-solution.ts. Encoding step by step would give other tokens than the policy ever saw.
 *
 * A prompt that ends in a word or a colon ("Answer:") is followed by a space in everything a model has read: the first
 * step gets it where it has none. A prompt that ends in white space or a special token is followed by the step itself.
 */
import { ErprmError } from "../errors.js";
import { raggedEntry, utf8Encode, wellFormed } from "./bytes.js";
import { alignEnds } from "./cut-solution.js";
import { joinSteps } from "./split-steps.js";
import type { StepRule } from "./step-rule.js";
import type { Tokenizer } from "./tokenizer.js";

export interface AlignedSteps {
  /** Prompt and solution. */
  tokenIds: Int32Array;
  /** Number of tokens of the prompt. */
  promptEnd: number;
  /** The steps with their delimiters (and the space in front of the first one, see above); their concatenation is the solution's text. */
  steps: string[];
  /**
   * `stepEnds[i]` = number of tokens after the prompt up to and with step i; never falling, the last one is the number of
   * the solution's tokens. Steps that share a token share an end.
   */
  stepEnds: number[];
  /** Ends, the prompt's among them, that were not the end of a token. */
  numMoved: number;
}

export interface AlignStepsOptions {
  tokenizer: Tokenizer;
  /** `TextModel.encodePrompt`: decides about BOS. */
  encodePrompt: (text: string) => Int32Array;
  /** Rendered, up to the opening of the assistant's turn. */
  prompt: string;
  steps: readonly string[];
  rule: StepRule;
  /** The steps are a text that was sampled behind this prompt: nothing is put between them or in front. Default false. */
  asWritten?: boolean;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

/**
 * Where each token ends in the text it was encoded from. Tokenizers put in BOS and (SentencePiece) a space, and some
 * special tokens swallow the space around them; nothing else may differ.
 * @throws ERPRM_INVALID_DATA when the tokens do not spell the text
 */
export function tokenEndsInText(tokenIds: Int32Array, text: Uint8Array, tokenizer: Tokenizer): Int32Array {
  const table = tokenizer.tokenBytes();
  const matches = (bytes: Uint8Array, at: number) =>
    at + bytes.length <= text.length && bytes.every((byte, index) => text[at + index] === byte);
  let position = 0;
  return tokenIds.map((id, index) => {
    const special = tokenizer.isSpecial(id);
    const bytes = special ? utf8Encode(tokenizer.idToToken(id) as string) : raggedEntry(table, id);
    if (matches(bytes, position)) {
      position += bytes.length;
    } else if (!special && bytes[0] === 0x20 && matches(bytes.subarray(1), position)) {
      position += bytes.length - 1;
    } else if (!special || position > 0) {
      let start = position;
      while (isSpace(text[start])) start++;
      if (!matches(bytes, start)) {
        throw new ErprmError(
          "ERPRM_INVALID_DATA",
          `Expected the tokens to spell the text they were made from, token ${index} (${JSON.stringify(tokenizer.idToToken(id))}) is not at byte ${position}`,
          { token: index, id, byte: position },
        );
      }
      position = start + bytes.length;
    }
    return position;
  });
}

function needsSpace(
  { tokenizer, encodePrompt, prompt }: Pick<AlignStepsOptions, "tokenizer" | "encodePrompt" | "prompt">,
  firstStep: string,
): boolean {
  if (!/\S$/.test(prompt) || /^\s/.test(firstStep)) return false;
  const last = encodePrompt(prompt).at(-1);
  return last !== undefined && !tokenizer.isSpecial(last);
}

/**
 * @throws ERPRM_INVALID_ARGUMENT for no steps
 * @throws ERPRM_INVALID_DATA when the tokenizer changes the text, so that no end can be found in its tokens
 */
export function alignSteps(options: AlignStepsOptions): AlignedSteps {
  const { tokenizer, encodePrompt, prompt, steps, rule, asWritten = false } = options;
  if (steps.length === 0) {
    throw new ErprmError("ERPRM_INVALID_ARGUMENT", "Expected steps to be at least one step, received none", {
      name: "steps",
    });
  }
  const form = tokenizer.unicodeForm;
  const readAs = (text: string) => (form === undefined ? wellFormed(text) : wellFormed(text).normalize(form));
  const joined = (asWritten ? steps : joinSteps(steps, rule)).map(readAs);
  if (!asWritten && needsSpace({ tokenizer, encodePrompt, prompt }, steps[0] as string)) joined[0] = ` ${joined[0]}`;
  const pieces = [readAs(prompt), ...joined];
  const text = pieces.join("");
  const tokenIds = encodePrompt(text);
  const bytes = utf8Encode(text);
  const tokenEnds = tokenEndsInText(tokenIds, bytes, tokenizer);

  let end = 0;
  const ends = pieces.map((piece) => {
    end += Buffer.byteLength(piece);
    return end;
  });
  const { counts, numMoved } = alignEnds(ends.slice(0, -1), tokenEnds, bytes);
  const promptEnd = prompt === "" ? 0 : (counts[0] as number);
  const stepEnds = [...counts.slice(1), tokenIds.length].map((count) => count - promptEnd);
  return { tokenIds, promptEnd, steps: joined, stepEnds, numMoved };
}
