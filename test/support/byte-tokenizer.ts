/** A tokenizer.json with one token a byte (ids 0 to 255), an end token (256), and unused tokens up to the vocabulary's size. */

/** The printable characters that stand for bytes in byte-level vocabularies. */
function byteCharacters(): string[] {
  const isPrintable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte < 256 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++));
}

/** `vocabularySize` is at least 257. */
export function byteTokenizerJson(vocabularySize: number): Record<string, unknown> {
  const added = Array.from({ length: vocabularySize - 256 }, (_, index) => ({
    id: 256 + index,
    content: index === 0 ? "<|end|>" : `<|unused_${index}|>`,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(byteCharacters().map((character, byte) => [character, byte])),
      merges: [],
    },
  };
}
