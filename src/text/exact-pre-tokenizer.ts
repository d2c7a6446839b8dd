/**
 * Rewrites pre-tokenizers that the pure JavaScript library reads differently from the reference implementation into
 * equivalent `Split` patterns, which it reads the same:
 *   - `ByteLevel` uses JavaScript's white space, which has U+FEFF and lacks U+0085;
 *   - `Digits` knows the ten ASCII digits only, the reference every numeric character;
 *   - `Metaspace` ignores `split`, with which no token may cross a word.
 * A rewrite is needed only with @huggingface/tokenizers 0.2.0; each has a test that compares it with reference ids.
 */
import { flattenPart, type TokenizerPart } from "./tokenizer-json.js";

/** The GPT-2 pattern: contractions, words, numbers, punctuation, white space; the last space goes with the next word. */
export const gpt2Pattern = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** A pre-tokenizer that makes every match of the pattern, and every stretch between matches, a piece of its own. */
export function isolate(pattern: string): TokenizerPart {
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
}

export const byteLevelWithoutPattern: TokenizerPart = {
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: false,
};

export function sequenceOf(parts: TokenizerPart[]): TokenizerPart {
  return { type: "Sequence", pretokenizers: parts };
}

function rewritten(part: TokenizerPart): TokenizerPart[] {
  if (part.type === "Digits") return [isolate(part.individual_digits === true ? "\\p{N}" : "\\p{N}+")];
  // With a prefix space the pattern must run after the space is put in, which a Split in front cannot do.
  if (part.type === "ByteLevel" && part.use_regex !== false && part.add_prefix_space === false) {
    return [isolate(gpt2Pattern), { ...part, use_regex: false }];
  }
  if (part.type === "Metaspace" && part.split !== false) {
    const replacement = typeof part.replacement === "string" ? part.replacement : "\u2581";
    return [part, isolate(`${replacement}[^${replacement}]*`)];
  }
  return [part];
}

export function exactPreTokenizer(part: TokenizerPart | null): TokenizerPart | null {
  const parts = flattenPart(part).flatMap(rewritten);
  return parts.length === 0 ? null : parts.length === 1 ? (parts[0] as TokenizerPart) : sequenceOf(parts);
}
