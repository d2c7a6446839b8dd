/** What stands for a key in tables and files: 16 bytes. */
import { hash } from "node:crypto";

/** Numbers of 32 bits that a key has. */
export const keyWidth = 4;

/**
 * The first 16 bytes of a text's SHA-256, to the second word of which an index is added: keys of one text and many indices
 * cost one digest. Two of n keys are the same with a chance of n^2 / 2^128.
 */
export class KeyDigest {
  #text: string | undefined;
  readonly #words = new Uint32Array(keyWidth);

  /** Writes the key's words to `target[place]` and behind; the first of them is never 0. */
  write(text: string, index: number, target: Uint32Array, place: number): void {
    if (text !== this.#text) {
      const digest = hash("sha256", text, "buffer");
      for (let i = 0; i < keyWidth; i += 1) this.#words[i] = digest.readUInt32LE(4 * i);
      // No key looks like an empty slot of a table.
      this.#words[0] = (this.#words[0] as number) | 1;
      this.#text = text;
    }
    target.set(this.#words, place);
    target[place + 1] = (this.#words[1] as number) + index;
  }
}
