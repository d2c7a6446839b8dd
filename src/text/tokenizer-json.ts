/**
 * The tokenizer.json of the Hugging Face tokenizers library: its shape as far as we read it, and the one place where a
 * file's content is checked. What we do not interpret is handed on to the library untouched.
 */
import { ErprmError } from "../errors.js";

export interface AddedToken {
  id: number;
  content: string;
  special?: boolean;
  normalized?: boolean;
  lstrip?: boolean;
  rstrip?: boolean;
  single_word?: boolean;
}

/** A normalizer, pre-tokenizer, post-processor or decoder: a `type` and that type's own fields. */
export interface TokenizerPart {
  type: string;
  [field: string]: unknown;
}

export interface TokenizerModel {
  type?: string;
  /** Token -> id (BPE, WordPiece) or [token, score] by id (Unigram). */
  vocab: Record<string, number> | [string, number][];
  byte_fallback?: boolean;
  [field: string]: unknown;
}

export interface TokenizerJson {
  added_tokens: AddedToken[];
  normalizer: TokenizerPart | null;
  pre_tokenizer: TokenizerPart | null;
  post_processor: TokenizerPart | null;
  decoder: TokenizerPart | null;
  model: TokenizerModel;
  [field: string]: unknown;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Checks a parsed tokenizer.json and fills in the parts that the format lets a file leave out.
 * @throws ERPRM_INVALID_DATA naming `file` and the field
 */
export function checkTokenizerJson(value: unknown, file: string): TokenizerJson {
  const fail = (field: string, expected: string, received: unknown): never => {
    throw new ErprmError(
      "ERPRM_INVALID_DATA",
      `Expected ${field} to be ${expected}, received ${received === null ? "null" : typeof received} in ${file}`,
      { file, field, expected },
    );
  };
  if (!isObject(value)) return fail("the tokenizer", "a JSON object", value);
  if (!isObject(value.model)) return fail("model", "an object", value.model);
  const { vocab } = value.model;
  if (!isObject(vocab) && !Array.isArray(vocab)) return fail("model.vocab", "an object or an array", vocab);
  const added = value.added_tokens ?? [];
  if (!Array.isArray(added)) return fail("added_tokens", "an array", added);
  for (const [index, token] of added.entries()) {
    if (!isObject(token) || typeof token.content !== "string" || !Number.isInteger(token.id)) {
      return fail(`added_tokens[${index}]`, "an object with content and id", token);
    }
  }
  const part = (name: string): TokenizerPart | null => {
    const found = value[name] ?? null;
    if (found !== null && (!isObject(found) || typeof found.type !== "string")) {
      return fail(name, "null or an object with a type", found);
    }
    return found as TokenizerPart | null;
  };
  return {
    ...value,
    added_tokens: added as AddedToken[],
    normalizer: part("normalizer"),
    pre_tokenizer: part("pre_tokenizer"),
    post_processor: part("post_processor"),
    decoder: part("decoder"),
    model: value.model as unknown as TokenizerModel,
  };
}

/** The part itself, or the parts of a `Sequence`, in order and flattened. */
export function flattenPart(part: TokenizerPart | null): TokenizerPart[] {
  if (part === null) return [];
  if (part.type !== "Sequence") return [part];
  const inner = part.normalizers ?? part.pretokenizers ?? part.processors ?? part.decoders ?? [];
  return (inner as TokenizerPart[]).flatMap(flattenPart);
}
