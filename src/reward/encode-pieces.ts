/**
 * The layouts of other projects' models: steps without the white space around them, a fixed text between a tag and the next
 * step. Their authors encoded text with the tags in it (or, TRL, every part on its own); the pieces between the tags are
 * encoded here such that the same tokens come out, while the tags themselves stay ids.
 */
import type { TextModel } from "../text/text-model.js";
import type { Tokenizer } from "../text/tokenizer.js";
import type { TagLayout, TokenText } from "./convention.js";

/** One piece of tokens a step; the first holds the prompt too. */
export function encodePieces(
  { tokenizer, encodePrompt }: Pick<TextModel, "tokenizer" | "encodePrompt">,
  prompt: string,
  steps: readonly string[],
  tag: TokenText,
  { afterTag, apart }: TagLayout,
): Int32Array[] {
  const alone = (text: string) => tokenizer.encode(text, { addSpecialTokens: false });
  const words = steps.map((step) => step.trim());
  return words.map((step, t) => {
    if (t > 0) return apart ? alone(afterTag + step) : encodeAfter(tokenizer, tag, afterTag + step);
    return apart ? Int32Array.from([...encodePrompt(prompt), ...alone(step)]) : encodePrompt(prompt + step);
  });
}

/**
 * The tokens of a text where it follows the tag. Tokenizers of the SentencePiece kind put a space in front of what is encoded
 * on its own, hence the tag is encoded with it and taken off again; where the two share a token, or the tag is a special
 * token, which ends a text as far as tokenizers are concerned, the text is encoded on its own.
 */
export function encodeAfter(tokenizer: Tokenizer, tag: TokenText, text: string): Int32Array {
  const alone = () => tokenizer.encode(text, { addSpecialTokens: false });
  if (!tokenizer.addsSpace || text === "" || tag.tokenIds.every((id) => tokenizer.isSpecial(id))) return alone();
  // What the tokenizer puts in front it puts in front of this one.
  const whole = tokenizer.encode(tag.text.trimStart() + text, { addSpecialTokens: false });
  const isTag = tag.tokenIds.every((id, index) => whole[index] === id);
  return isTag ? whole.subarray(tag.tokenIds.length) : alone();
}
