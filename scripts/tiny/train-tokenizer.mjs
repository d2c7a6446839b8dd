/**
 * A byte-level BPE tokenizer for the tiny policy: 256 bytes, merges learned from texts, digits always alone, and a few
 * texts that must be one token whatever the counts say.
 */

/** The end of a text; id 0. */
export const endToken = "<|endoftext|>";

/** Texts that the training of reward models appends: the step tag and the two candidate tokens. */
const singleTokens = [" ки", " +", " -"];

/** A digit; a word with the space before it; an operator with the spaces around it; other signs; white space. */
const pattern = "\\p{N}| ?\\p{L}+| ?[+*/=-] ?| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** The character that stands for each byte in a byte-level vocabulary: itself where it can be seen, else one from 256 on. */
const byteCharacters = (() => {
  const isVisible = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isVisible(byte) ? byte : next++));
})();

function byteString(text) {
  return Array.from(Buffer.from(text, "utf8"), (byte) => byteCharacters[byte]);
}

function countPieces(texts) {
  const counts = new Map();
  const regex = new RegExp(pattern, "gu");
  for (const text of texts) for (const [piece] of text.matchAll(regex)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  return counts;
}

function merged(symbols, [left, right]) {
  const result = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) result.push(symbols[i] + symbols[++i]);
    else result.push(symbols[i]);
  }
  return result;
}

/** The pair with the highest count; of several the first in code point order, so that the result does not depend on luck. */
function bestPair(words) {
  const counts = new Map();
  for (const { symbols, count } of words) {
    for (let i = 1; i < symbols.length; i++) {
      const pair = `${symbols[i - 1]} ${symbols[i]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best;
  for (const [pair, count] of counts) {
    if (best === undefined || count > best.count || (count === best.count && pair < best.pair)) best = { pair, count };
  }
  return best;
}

/** Merges that make one symbol of a piece, from the left. */
function mergesOf(piece) {
  const [first, ...rest] = byteString(piece);
  let whole = first;
  return rest.map((symbol) => {
    const pair = [whole, symbol];
    whole += symbol;
    return pair;
  });
}

/**
 * The tokenizer.json of the texts, with at most `vocabularySize` tokens. Pairs seen fewer than `minCount` times stay apart.
 */
export function trainTokenizer(texts, { vocabularySize, minCount }) {
  const merges = singleTokens.flatMap(mergesOf);
  let words = [...countPieces(texts)].map(([piece, count]) => ({ symbols: byteString(piece), count }));
  for (const pair of merges) words = words.map(({ symbols, count }) => ({ symbols: merged(symbols, pair), count }));
  while (1 + 256 + merges.length < vocabularySize) {
    const best = bestPair(words);
    if (best === undefined || best.count < minCount) break;
    const pair = best.pair.split(" ");
    merges.push(pair);
    words = words.map((word) => ({ symbols: merged(word.symbols, pair), count: word.count }));
  }
  // Two merges may make the same token.
  const tokens = [...new Set([endToken, ...byteCharacters, ...merges.map((pair) => pair.join(""))])];
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      { id: 0, content: endToken, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    ],
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: merges.map((pair) => pair.join(" ")),
    },
  };
}
