/** A result that is larger than a message may be travels in parts; those of one attempt make a whole. */
import { ErprmError } from "../errors.js";

/** The bytes in pieces of at most `maxBytes`; one, empty, for no bytes. */
export function splitParts(bytes: Uint8Array, maxBytes: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start === 0 || start < bytes.length; start += maxBytes) {
    parts.push(bytes.subarray(start, start + maxBytes));
  }
  return parts;
}

interface Attempt {
  parts: (Uint8Array | undefined)[];
  numMissing: number;
}

/** Puts parts together, whatever order they come in and however often. */
export class PartCollector {
  readonly #attempts = new Map<string, Attempt>();

  /**
   * The whole bytes when this was the last part of the attempt that was missing, else undefined.
   * @throws ERPRM_INVALID_DATA for a part that does not belong to its attempt
   */
  add(attempt: string, part: number, numParts: number, bytes: Uint8Array): Uint8Array | undefined {
    let known = this.#attempts.get(attempt);
    if (!known) {
      if (!(Number.isInteger(numParts) && numParts >= 1 && numParts <= 1 << 20)) fail(attempt, part, numParts);
      known = { parts: new Array(numParts).fill(undefined), numMissing: numParts };
      this.#attempts.set(attempt, known);
    }
    if (!(Number.isInteger(part) && part >= 0 && part < numParts) || known.parts.length !== numParts) {
      fail(attempt, part, numParts);
    }
    if (known.parts[part] === undefined) {
      known.parts[part] = bytes;
      known.numMissing -= 1;
    }
    if (known.numMissing > 0) return undefined;
    this.#attempts.delete(attempt);
    return known.parts.length === 1 ? bytes : Buffer.concat(known.parts as Uint8Array[]);
  }

  /** Forgets attempts that will never be whole. */
  forget(isOver: (attempt: string) => boolean): void {
    for (const attempt of this.#attempts.keys()) if (isOver(attempt)) this.#attempts.delete(attempt);
  }
}

function fail(attempt: string, part: number, numParts: number): never {
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected a part of a result, received part ${part} of ${numParts} of ${attempt}`,
  );
}
