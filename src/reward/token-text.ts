/** Short texts (tags, candidates) as the tokens that spell them in running text: no more and no less than the text. */
import { wellFormed } from "../text/bytes.js";
import type { Tokenizer } from "../text/tokenizer.js";

/**
 * The ids whose tokens, laid end to end, are the text; undefined when the vocabulary cannot spell it (an unknown token). A
 * leading space is a part of the text, also where the tokenizer puts one in front of everything. The name of a special
 * token is that token.
 */
export function tokensOf(tokenizer: Tokenizer, text: string): number[] | undefined {
  const special = tokenizer.tokenToId(text);
  if (special !== undefined && tokenizer.isSpecial(special)) return [special];
  const ids = encodeInText(tokenizer, text);
  return ids !== undefined && ids.length > 0 && spelling(tokenizer, ids) === readAs(tokenizer, text) ? ids : undefined;
}

/** The text of the tokens, special ones by their names. */
export function spelling(tokenizer: Tokenizer, tokenIds: readonly number[]): string {
  return tokenizer.decode(tokenIds);
}

/** The text as the tokenizer reads it. */
export function readAs({ unicodeForm }: Tokenizer, text: string): string {
  return unicodeForm === undefined ? wellFormed(text) : wellFormed(text).normalize(unicodeForm);
}

/** Ids and names, for messages: `648 ("+")`. */
export function shownTokens(tokenizer: Tokenizer, tokenIds: ArrayLike<number>): string {
  const names = Array.from(tokenIds, (id) => `${id} (${JSON.stringify(tokenizer.idToToken(id) ?? "no token")})`);
  return names.length === 0 ? "no tokens" : names.join(", ");
}

function encodeInText(tokenizer: Tokenizer, text: string): number[] | undefined {
  const encode = (some: string) => [...tokenizer.encode(some, { addSpecialTokens: false })];
  if (!tokenizer.addsSpace) return encode(text);
  if (text.startsWith(" ")) return encode(text.slice(1));
  // Behind a line end no space is put in front; the line end's own tokens are taken off again.
  const ids = encode(`\n${text}`);
  for (let end = 1; end < ids.length; end += 1) {
    if (spelling(tokenizer, ids.slice(0, end)) === " \n") return ids.slice(end);
  }
  return undefined;
}
