/**
 * Text as bytes: UTF-8 in both directions without loss of position, and ragged tables of byte strings.
 * JavaScript strings may hold lone surrogates, which UTF-8 cannot: they become U+FFFD here, in one place, so that every
 * encoder sees the same text.
 */

/** Byte strings laid end to end: entry i is `values[offsets[i] .. offsets[i + 1])`. */
export interface RaggedBytes {
  values: Uint8Array;
  offsets: Int32Array;
}

const encoder = new TextEncoder();
// A byte-order mark is text like any other: dropping it would make decoding lossy.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text with every lone surrogate replaced by U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

export function utf8Encode(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Every maximal ill-formed part becomes one U+FFFD (the WHATWG rule). */
export function utf8Decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** One character a byte, so that a position in the string is a position in the bytes. */
export function byteString(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Bytes 10xxxxxx continue a character; a cut in front of one would split it. */
export function continuesCharacter(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

export function concatenateBytes(parts: readonly Uint8Array[]): Uint8Array {
  return raggedFrom(parts).values;
}

export function raggedFrom(parts: readonly Uint8Array[]): RaggedBytes {
  const offsets = new Int32Array(parts.length + 1);
  for (const [index, part] of parts.entries()) offsets[index + 1] = (offsets[index] as number) + part.length;
  const values = new Uint8Array(offsets[parts.length] as number);
  for (const [index, part] of parts.entries()) values.set(part, offsets[index] as number);
  return { values, offsets };
}

/** Entry `index`, as a view. */
export function raggedEntry(table: RaggedBytes, index: number): Uint8Array {
  return table.values.subarray(table.offsets[index], table.offsets[index + 1]);
}
