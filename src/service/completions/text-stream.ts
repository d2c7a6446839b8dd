/**
 * What of a completion's bytes may be sent while more of them are to come: nothing that may turn out to belong to a stop
 * text, and no part of a character. Put together, what is sent is the text of the whole completion up to its stop text.
 *
 * The engine ends a completion with the token that completes a stop text, so the stop text is cut out here, wherever
 * in its tokens it begins and ends.
 */
import { byteString } from "../../text/bytes.js";

export interface StopTexts {
  /** Not empty each. */
  texts: readonly string[];
  /** Send the stop text too; what its last token says beyond it is cut all the same. */
  kept: boolean;
}

export class TextStream {
  /** The stop text that ended the completion. */
  stop: string | undefined;
  readonly #stops: readonly { text: string; bytes: string }[];
  readonly #kept: boolean;
  // A byte-order mark is text like any other.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** One character a byte: what is held back. */
  #held = "";
  #numSent = 0;

  constructor({ texts, kept }: StopTexts) {
    this.#stops = texts.map((text) => ({ text, bytes: byteString(Buffer.from(text, "utf8")) }));
    this.#kept = kept;
  }

  /** Bytes that were let go, from the first; those of a character that is not whole yet are among them. */
  get numSent(): number {
    return this.#numSent;
  }

  /** The text that is certain with the bytes of one more token. Nothing comes after a stop text. */
  push(bytes: Uint8Array): string {
    if (this.stop !== undefined) return "";
    this.#held += byteString(bytes);
    const found = this.#find();
    if (found === undefined) return this.#send(this.#held.length - this.#possibleStop());
    this.stop = found.text;
    const text = this.#send(this.#kept ? found.end : found.start);
    this.#held = "";
    return text;
  }

  /** The completion has ended: what was held back is text after all. A broken character becomes U+FFFD. */
  end(): string {
    return this.#send(this.#held.length) + this.#decoder.decode();
  }

  #send(length: number): string {
    const bytes = Buffer.from(this.#held.slice(0, length), "latin1");
    this.#held = this.#held.slice(length);
    this.#numSent += length;
    return this.#decoder.decode(bytes, { stream: true });
  }

  /** The stop text that begins first; of two that begin together, the shorter, which is complete first. */
  #find(): { text: string; start: number; end: number } | undefined {
    let first: { text: string; start: number; end: number } | undefined;
    for (const { text, bytes } of this.#stops) {
      const start = this.#held.indexOf(bytes);
      if (start < 0) continue;
      const end = start + bytes.length;
      if (first === undefined || start < first.start || (start === first.start && end < first.end)) {
        first = { text, start, end };
      }
    }
    return first;
  }

  /** Bytes at the end with which a stop text may begin. */
  #possibleStop(): number {
    let longest = 0;
    for (const { bytes } of this.#stops) {
      for (let length = Math.min(bytes.length - 1, this.#held.length); length > longest; length -= 1) {
        if (this.#held.endsWith(bytes.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}
