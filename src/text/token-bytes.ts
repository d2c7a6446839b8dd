/**
 * The bytes that each token stands for. Two alphabets are in use: byte-level BPE writes each byte as one printable
 * character (GPT-2's table), SentencePiece writes text with U+2581 for the space and `<0xNN>` for a lone byte.
 * Laid end to end the bytes of a token string are its text, whatever tokens came before: nothing here looks at neighbours.
 */
import { ErprmError } from "../errors.js";
import { utf8Encode } from "./bytes.js";
import { flattenPart, type TokenizerJson } from "./tokenizer-json.js";

/** Character -> byte of byte-level BPE: printable Latin-1 stands for itself, the rest from U+0100 on, in order. */
const byteOfCharacter: ReadonlyMap<string, number> = (() => {
  const table = new Map<string, number>();
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    table.set(String.fromCodePoint(printable(byte) ? byte : next++), byte);
  }
  return table;
})();

export type TokenAlphabet = "byte-level" | "sentencepiece";

/**
 * Which alphabet a tokenizer writes its tokens in, told by its decoder.
 * @throws ERPRM_INVALID_DATA for any other kind (WordPiece, character models): their tokens have no bytes of their own
 */
export function tokenAlphabet(json: TokenizerJson, file: string): TokenAlphabet {
  const decoders = flattenPart(json.decoder);
  const preTokenizers = flattenPart(json.pre_tokenizer);
  if ([...decoders, ...preTokenizers].some((part) => part.type === "ByteLevel")) return "byte-level";
  if (json.model.byte_fallback === true) return "sentencepiece";
  if ([...decoders, ...preTokenizers].some((part) => part.type === "Metaspace" || part.type === "ByteFallback")) {
    return "sentencepiece";
  }
  const found = json.decoder?.type ?? "none";
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected decoder to be byte-level or SentencePiece, received ${found} in ${file}`,
    { file, field: "decoder", received: found },
  );
}

/** The bytes of an ordinary token of the vocabulary (not of an added token, whose text is written as it is). */
export function bytesOfToken(token: string, alphabet: TokenAlphabet): Uint8Array {
  if (alphabet === "sentencepiece") {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
    if (byte !== null) return Uint8Array.of(Number.parseInt(byte[1] as string, 16));
    return utf8Encode(token.replaceAll("\u2581", " "));
  }
  const bytes: number[] = [];
  for (const character of token) {
    const byte = byteOfCharacter.get(character);
    // A token that is not in the byte alphabet is plain text (old vocabularies keep added tokens among the others).
    if (byte === undefined) return utf8Encode(token);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
