/**
 * Text to token ids and back. Encoding is the library's; decoding is ours, because it has to be exact: the bytes of the
 * tokens, laid end to end and read as UTF-8, with no clean-up of spaces.
 */
import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { expectInteger } from "../check.js";
import { ErprmError } from "../errors.js";
import {
  concatenateBytes,
  type RaggedBytes,
  raggedEntry,
  raggedFrom,
  utf8Decode,
  utf8Encode,
  wellFormed,
} from "./bytes.js";
import { exactPreTokenizer } from "./exact-pre-tokenizer.js";
import { type BatchEncoder, nativeBatchEncoder } from "./native-encoder.js";
import { bytesOfToken, tokenAlphabet } from "./token-bytes.js";
import { checkTokenizerJson, flattenPart, type TokenizerJson } from "./tokenizer-json.js";

export interface EncodeOptions {
  /** Put the tokens that the tokenizer adds to a text (BOS, for most) around it. Default true. */
  addSpecialTokens?: boolean;
}

export interface DecodeOptions {
  /** Leave special tokens out; otherwise their names are part of the text. Default false. */
  skipSpecialTokens?: boolean;
  /**
   * The ids are a whole text as `encode` gave it: the space that SentencePiece tokenizers put in front is taken off again.
   * Default false: ids are a part of a text, and every byte counts.
   */
  wholeText?: boolean;
}

/** Lone surrogates in a text count as U+FFFD everywhere. */
export interface Tokenizer {
  /** Number of ids, special tokens included. A model's own vocabulary may be larger (padding). */
  readonly vocabularySize: number;
  /** `encode` puts a space in front of a text (SentencePiece). */
  readonly addsSpace: boolean;
  /** The Unicode form that `encode` brings a text into, so that decoding gives that form back; absent for most. */
  readonly unicodeForm?: "NFC" | "NFD" | "NFKC" | "NFKD";
  /** The special tokens that `encode` puts in front of a text (BOS, for most that have any). */
  readonly specialTokensBefore: Int32Array;
  /** Whether `encodeMany` runs in the optional native package. */
  readonly native: boolean;
  encode(text: string, options?: EncodeOptions): Int32Array;
  /** The same ids as `encode` gives for each text; lets other work run in between. */
  encodeMany(texts: readonly string[], options?: EncodeOptions): Promise<Int32Array[]>;
  /** @throws ERPRM_INVALID_ARGUMENT for an id outside 0 .. 2^31-1; an id that the vocabulary lacks has no text */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
  /**
   * The bytes of every id from 0 to `size - 1` (default: the vocabulary's size). Special tokens and ids without a token
   * have none, so that neither a stop string nor a step delimiter is ever found in the name of a special token.
   */
  tokenBytes(size?: number): RaggedBytes;
  /** The id of a token as the vocabulary writes it (`Ġthe`, `▁the`, `<|im_end|>`). */
  tokenToId(token: string): number | undefined;
  /** The inverse of `tokenToId`. */
  idToToken(id: number): string | undefined;
  /** True for control tokens (BOS, end of turn, ...), false for tokens that are text. */
  isSpecial(id: number): boolean;
}

const textsBetweenPauses = 64;

class JsonTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly addsSpace: boolean;
  readonly unicodeForm?: "NFC" | "NFD" | "NFKC" | "NFKD";
  native = false;
  readonly #library: LibraryTokenizer;
  readonly #file: string;
  readonly #ids = new Map<string, number>();
  readonly #tokens: (string | undefined)[] = [];
  readonly #special = new Set<number>();
  readonly #bytes: RaggedBytes;
  readonly specialTokensBefore: Int32Array;
  readonly #after: Int32Array;
  #batch: BatchEncoder | undefined;

  constructor(json: TokenizerJson, file: string) {
    this.#file = file;
    const alphabet = tokenAlphabet(json, file);
    const entries = Array.isArray(json.model.vocab)
      ? json.model.vocab.map(([token], id) => [token, id] as const)
      : Object.entries(json.model.vocab);
    const bytes: Uint8Array[] = [];
    for (const [token, id] of entries) {
      this.#ids.set(token, id);
      this.#tokens[id] = token;
      bytes[id] = bytesOfToken(token, alphabet);
    }
    for (const { id, content, special } of json.added_tokens) {
      this.#ids.set(content, id);
      this.#tokens[id] = content;
      if (special === true) this.#special.add(id);
      bytes[id] = special === true ? new Uint8Array(0) : utf8Encode(content);
    }
    this.vocabularySize = this.#tokens.length;
    this.#bytes = raggedFrom(Array.from(bytes, (entry) => entry ?? new Uint8Array(0)));
    const form = flattenPart(json.normalizer).find((part) => /^NFK?[CD]$/.test(part.type))?.type;
    if (form !== undefined) this.unicodeForm = form as "NFC" | "NFD" | "NFKC" | "NFKD";
    try {
      this.#library = new LibraryTokenizer({ ...json, pre_tokenizer: exactPreTokenizer(json.pre_tokenizer) }, {});
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new ErprmError(
        "ERPRM_INVALID_DATA",
        `Expected a tokenizer that can be built, received: ${message} in ${file}`,
        { file },
        cause,
      );
    }
    const bare = this.#encodeBare("a");
    const full = Int32Array.from(this.#library.encode("a").ids);
    const start = full.length === bare.length ? 0 : full.indexOf(bare[0] as number);
    this.specialTokensBefore = full.slice(0, Math.max(start, 0));
    this.#after = full.slice(Math.max(start, 0) + bare.length);
    this.addsSpace = this.decode(bare) === " a";
  }

  async preferNative(json: TokenizerJson, specifier?: string): Promise<void> {
    this.#batch = await nativeBatchEncoder(json, (text) => this.#encodeBare(text), specifier);
    this.native = this.#batch !== undefined;
  }

  #encodeBare(text: string): Int32Array {
    const { ids } = this.#library.encode(text, { add_special_tokens: false });
    const unknown = (ids as (number | undefined)[]).indexOf(undefined);
    if (unknown >= 0) {
      throw new ErprmError(
        "ERPRM_INVALID_DATA",
        `Expected every part of the text to have a token, token ${unknown} of it has none in ${this.#file}`,
        { file: this.#file },
      );
    }
    return Int32Array.from(ids);
  }

  #around(ids: Int32Array): Int32Array {
    if (this.specialTokensBefore.length + this.#after.length === 0) return ids;
    return Int32Array.from([...this.specialTokensBefore, ...ids, ...this.#after]);
  }

  encode(text: string, { addSpecialTokens = true }: EncodeOptions = {}): Int32Array {
    const ids = text === "" ? new Int32Array(0) : this.#encodeBare(wellFormed(text));
    return addSpecialTokens ? this.#around(ids) : ids;
  }

  async encodeMany(texts: readonly string[], options: EncodeOptions = {}): Promise<Int32Array[]> {
    if (this.#batch !== undefined) {
      const all = await this.#batch(texts.map(wellFormed));
      return options.addSpecialTokens === false ? all : all.map((ids) => this.#around(ids));
    }
    const all: Int32Array[] = [];
    for (const [index, text] of texts.entries()) {
      if (index > 0 && index % textsBetweenPauses === 0) await new Promise((resolve) => setImmediate(resolve));
      all.push(this.encode(text, options));
    }
    return all;
  }

  decode(ids: ArrayLike<number>, { skipSpecialTokens = false, wholeText = false }: DecodeOptions = {}): string {
    const parts = Array.from(ids, (id, index) => {
      expectInteger(`ids[${index}]`, id);
      if (id >= this.vocabularySize) return new Uint8Array(0);
      if (this.#special.has(id) && !skipSpecialTokens) return utf8Encode(this.#tokens[id] as string);
      return raggedEntry(this.#bytes, id);
    });
    if (wholeText && this.addsSpace) {
      const first = parts.findIndex((part, index) => part.length > 0 && !this.#special.has(ids[index] as number));
      const part = parts[first];
      if (part !== undefined && part[0] === 0x20) parts[first] = part.subarray(1);
    }
    return utf8Decode(concatenateBytes(parts));
  }

  tokenBytes(size: number = this.vocabularySize): RaggedBytes {
    expectInteger("size", size, this.vocabularySize);
    if (size === this.vocabularySize) return this.#bytes;
    const offsets = new Int32Array(size + 1).fill(this.#bytes.values.length);
    offsets.set(this.#bytes.offsets);
    return { values: this.#bytes.values, offsets };
  }

  tokenToId(token: string): number | undefined {
    return this.#ids.get(token);
  }

  idToToken(id: number): string | undefined {
    return this.#tokens[id];
  }

  isSpecial(id: number): boolean {
    return this.#special.has(id);
  }
}

/**
 * A tokenizer from a parsed tokenizer.json (or one built from GGUF metadata). `file` names it in messages.
 * @throws ERPRM_INVALID_DATA when the JSON is not a tokenizer of a kind that has bytes for its tokens
 */
export async function createTokenizer(
  value: unknown,
  file: string,
  { nativePackage }: { nativePackage?: string } = {},
): Promise<Tokenizer> {
  const json = checkTokenizerJson(value, file);
  const tokenizer = new JsonTokenizer(json, file);
  await tokenizer.preferNative(json, nativePackage);
  return tokenizer;
}
