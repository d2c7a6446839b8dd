/** A prefix as a server is given it: its token ids, or the text that they spell. */
import type { TextModel } from "../../text/text-model.js";

/** The text lacks the tokens that a tokenizer puts in front of every text: the server's own puts them there again. */
export function promptOf(prefix: Int32Array, { tokenizer }: TextModel, asTokens: boolean): string | number[] {
  if (asTokens) return [...prefix];
  const before = tokenizer.specialTokensBefore;
  const hasThem = before.every((id, index) => prefix[index] === id);
  return tokenizer.decode(hasThem ? prefix.subarray(before.length) : prefix, { wholeText: true });
}
