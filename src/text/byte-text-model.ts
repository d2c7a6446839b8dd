/**
 * The text side of a model whose tokenizer is not at hand: a text stands for itself, as its UTF-8, one id a byte. Prompts are
 * plain, because chat templates come with tokenizers. What steps are cut at and prefixes end at is then a byte, never inside
 * of a character (cut-solution.ts).
 */
import { expectInteger } from "../check.js";
import { ErprmError } from "../errors.js";
import { type RaggedBytes, utf8Decode, utf8Encode, wellFormed } from "./bytes.js";
import { renderPrompt } from "./prompt.js";
import type { ChatTokenizer, TextModel } from "./text-model.js";

const numBytes = 256;

class ByteTokenizer implements ChatTokenizer {
  readonly vocabularySize = numBytes;
  readonly addsSpace = false;
  readonly specialTokensBefore = new Int32Array(0);
  readonly native = false;

  encode(text: string): Int32Array {
    return Int32Array.from(utf8Encode(wellFormed(text)));
  }

  async encodeMany(texts: readonly string[]): Promise<Int32Array[]> {
    return texts.map((text) => this.encode(text));
  }

  decode(ids: ArrayLike<number>): string {
    const bytes = Array.from(ids, (id, index) => expectInteger(`ids[${index}]`, id, 0, numBytes - 1));
    return utf8Decode(Uint8Array.from(bytes));
  }

  tokenBytes(size: number = numBytes): RaggedBytes {
    expectInteger("size", size, numBytes);
    const offsets = Int32Array.from({ length: size + 1 }, (_, id) => Math.min(id, numBytes));
    return { values: Uint8Array.from({ length: numBytes }, (_, byte) => byte), offsets };
  }

  tokenToId(): undefined {}

  idToToken(): undefined {}

  isSpecial(): boolean {
    return false;
  }

  applyChatTemplate(): never {
    throw new ErprmError("ERPRM_INVALID_DATA", "Expected a tokenizer with a chat template, found no tokenizer", {});
  }
}

/** Has no end tokens and no chat template. */
export function byteTextModel(): TextModel {
  const tokenizer = new ByteTokenizer();
  return {
    tokenizer,
    renderPrompt: (options) => renderPrompt(undefined, options),
    encodePrompt: (text) => tokenizer.encode(text),
    stopTokenIds: [],
    hasChatTemplate: false,
  };
}
