/**
 * A tokenizer.json from the metadata of a GGUF file. Two kinds: `gpt2` (byte-level BPE with its merges and a named
 * pre-tokenizer) and `llama` (SentencePiece BPE with scores and byte tokens). The meaning of the keys is llama.cpp's:
 * no Unicode normalisation, control tokens are special, user-defined tokens are text that is never cut.
 */
import { ErprmError } from "../errors.js";
import { byteLevelWithoutPattern, isolate, sequenceOf } from "./exact-pre-tokenizer.js";
import { ggufPreTokenizers } from "./gguf-pre-tokenizers.js";
import { mergesFromScores } from "./sentencepiece-merges.js";
import type { AddedToken, TokenizerJson, TokenizerPart } from "./tokenizer-json.js";

/** Keys as in the file; arrays are arrays or typed arrays; 64-bit integers may be bigint. */
export type GgufMetadata = ReadonlyMap<string, unknown>;

/** `tokenizer.ggml.token_type`. */
const tokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

class MetadataReader {
  constructor(
    readonly metadata: GgufMetadata,
    readonly file: string,
  ) {}

  fail(key: string, expected: string, received: unknown): never {
    const shown =
      typeof received === "string" ? JSON.stringify(received) : received === undefined ? "nothing" : typeof received;
    throw new ErprmError("ERPRM_INVALID_DATA", `Expected ${key} to be ${expected}, received ${shown} in ${this.file}`, {
      file: this.file,
      field: key,
      expected,
    });
  }

  text(key: string): string | undefined {
    const value = this.metadata.get(key);
    if (value === undefined || typeof value === "string") return value;
    return this.fail(key, "a string", value);
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.metadata.get(key) ?? otherwise;
    return typeof value === "boolean" ? value : this.fail(key, "a boolean", value);
  }

  /** An id below `size`; undefined when the key is absent. */
  id(key: string, size: number): number | undefined {
    const value = this.metadata.get(key);
    if (value === undefined) return undefined;
    const id = typeof value === "bigint" ? Number(value) : value;
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= size) {
      return this.fail(key, `a token id below ${size}`, value);
    }
    return id;
  }

  strings(key: string): string[] {
    const value = this.metadata.get(key);
    if (!Array.isArray(value)) return this.fail(key, "an array of strings", value);
    const wrong = value.findIndex((entry) => typeof entry !== "string");
    if (wrong >= 0) return this.fail(`${key}[${wrong}]`, "a string", value[wrong]);
    return value as string[];
  }

  numbers(key: string, length: number): number[] | undefined {
    const value = this.metadata.get(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) && !ArrayBuffer.isView(value)) return this.fail(key, "an array of numbers", value);
    const numbers = Array.from(value as ArrayLike<number | bigint>, Number);
    if (numbers.length !== length)
      return this.fail(key, `an array of ${length} numbers, one a token`, `${numbers.length}`);
    return numbers;
  }
}

/** Ids that the file names for a purpose; those it does not name are absent. */
export interface GgufSpecialIds {
  bos?: number;
  eos?: number;
  endOfTurn?: number;
  endOfMessage?: number;
}

/** The ids of the special tokens that a GGUF file names. */
export function ggufSpecialIds(metadata: GgufMetadata, file = "the GGUF file"): GgufSpecialIds {
  const reader = new MetadataReader(metadata, file);
  const size = reader.strings("tokenizer.ggml.tokens").length;
  const kind = reader.text("tokenizer.ggml.model");
  const ids: GgufSpecialIds = {};
  // SentencePiece files may leave out the two ids that its trainer always gives.
  const bos = reader.id("tokenizer.ggml.bos_token_id", size) ?? (kind === "llama" ? 1 : undefined);
  const eos = reader.id("tokenizer.ggml.eos_token_id", size) ?? (kind === "llama" ? 2 : undefined);
  const endOfTurn = reader.id("tokenizer.ggml.eot_token_id", size);
  const endOfMessage = reader.id("tokenizer.ggml.eom_token_id", size);
  if (bos !== undefined) ids.bos = bos;
  if (eos !== undefined) ids.eos = eos;
  if (endOfTurn !== undefined) ids.endOfTurn = endOfTurn;
  if (endOfMessage !== undefined) ids.endOfMessage = endOfMessage;
  return ids;
}

/** The post-processor that puts BOS in front of a text. */
export function bosPostProcessor(token: string, id: number): TokenizerPart {
  const bos = { SpecialToken: { id: token, type_id: 0 } };
  return {
    type: "TemplateProcessing",
    single: [bos, { Sequence: { id: "A", type_id: 0 } }],
    pair: [bos, { Sequence: { id: "A", type_id: 0 } }, bos, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
}

/**
 * Builds a tokenizer.json from `tokenizer.ggml.*`. `add_eos_token` is not followed: a prompt is never closed.
 * @throws ERPRM_INVALID_DATA naming the key: an unknown kind or pre-tokenizer, a missing or misshapen array, two tokens
 *   with one text
 */
export function tokenizerJsonFromGguf(metadata: GgufMetadata, file = "the GGUF file"): TokenizerJson {
  const reader = new MetadataReader(metadata, file);
  const kind = reader.text("tokenizer.ggml.model");
  if (kind !== "gpt2" && kind !== "llama") return reader.fail("tokenizer.ggml.model", "gpt2 or llama", kind);
  const tokens = reader.strings("tokenizer.ggml.tokens").map((text, id) => (text === "" ? `[EMPTY_${id}]` : text));
  const types = reader.numbers("tokenizer.ggml.token_type", tokens.length) ?? tokens.map(() => tokenType.normal);
  const special = ggufSpecialIds(metadata, file);

  // Object.create(null): `__proto__` is a token of some vocabularies.
  const vocab: Record<string, number> = Object.create(null);
  const added: AddedToken[] = [];
  const named = new Set(Object.values(special));
  for (const [id, content] of tokens.entries()) {
    const first = vocab[content];
    if (first !== undefined) {
      return reader.fail(`tokenizer.ggml.tokens[${id}]`, `a text of its own (token ${first} has it)`, content);
    }
    vocab[content] = id;
    const isControl = types[id] === tokenType.control || types[id] === tokenType.unknown || named.has(id);
    if (isControl || types[id] === tokenType.userDefined) {
      added.push({
        id,
        content,
        special: isControl,
        normalized: false,
        lstrip: false,
        rstrip: false,
        single_word: false,
      });
    }
  }

  const json =
    kind === "gpt2" ? byteLevelJson(reader, vocab, added) : sentencepieceJson(reader, tokens, types, vocab, added);
  const preTokenizer = ggufPreTokenizers.get(reader.text("tokenizer.ggml.pre") ?? "default");
  const addBos = reader.flag("tokenizer.ggml.add_bos_token", kind === "llama" || preTokenizer?.addBos === true);
  if (addBos && special.bos !== undefined) {
    json.post_processor = bosPostProcessor(tokens[special.bos] as string, special.bos);
  }
  return json;
}

function byteLevelJson(reader: MetadataReader, vocab: Record<string, number>, added: AddedToken[]): TokenizerJson {
  const name = reader.text("tokenizer.ggml.pre") ?? "default";
  const preTokenizer = ggufPreTokenizers.get(name);
  if (preTokenizer === undefined) {
    return reader.fail(
      "tokenizer.ggml.pre",
      `a known pre-tokenizer (${[...ggufPreTokenizers.keys()].join(", ")})`,
      name,
    );
  }
  const merges = reader.strings("tokenizer.ggml.merges").map((merge, index): [string, string] => {
    // A token may start with a space, never be empty: the separator is the first space after the first character.
    const space = merge.indexOf(" ", 1);
    if (space < 0) return reader.fail(`tokenizer.ggml.merges[${index}]`, "two tokens with a space between", merge);
    return [merge.slice(0, space), merge.slice(space + 1)];
  });
  return {
    version: "1.0",
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: sequenceOf([...preTokenizer.patterns.map(isolate), byteLevelWithoutPattern]),
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: preTokenizer.ignoreMerges === true,
      vocab,
      merges,
    },
  };
}

function sentencepieceJson(
  reader: MetadataReader,
  tokens: string[],
  types: number[],
  vocab: Record<string, number>,
  added: AddedToken[],
): TokenizerJson {
  const scores = reader.numbers("tokenizer.ggml.scores", tokens.length);
  if (scores === undefined) return reader.fail("tokenizer.ggml.scores", "an array of numbers", undefined);
  const addedIds = new Set(added.map((token) => token.id));
  const pieces = tokens
    .map((text, id) => ({ text, score: scores[id] as number, id }))
    .filter(({ id }) => types[id] !== tokenType.byte && types[id] !== tokenType.unused && !addedIds.has(id));
  const unknown = types.indexOf(tokenType.unknown);
  const replaceSpace: TokenizerPart = { type: "Replace", pattern: { String: " " }, content: "\u2581" };
  return {
    version: "1.0",
    added_tokens: added,
    normalizer: reader.flag("tokenizer.ggml.add_space_prefix", true)
      ? { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "\u2581" }, replaceSpace] }
      : replaceSpace,
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "\u2581" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: unknown < 0 ? null : (tokens[unknown] as string),
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab,
      merges: mergesFromScores(pieces),
    },
  };
}
