/**
 * Reads little-endian values one after another from the beginning of a GGUF file. The cursor holds a leading part of the
 * file; a read past that part, but inside the file, throws `NeedMoreBytes`, and the caller starts again with more of it: the
 * metadata's size is not stored, and reading it value by value from the file would take one system call a token.
 */
import { failCheckpoint } from "./stored-tensor.js";

/** The part of the file at hand is too short; `bytes` of it are needed. */
export class NeedMoreBytes extends Error {
  readonly bytes: number;
  constructor(bytes: number) {
    super(`${bytes} bytes needed`);
    this.bytes = bytes;
  }
}

export class GgufCursor {
  readonly file: string;
  readonly fileSize: number;
  offset = 0;
  readonly #bytes: Buffer;

  constructor(file: string, bytes: Buffer, fileSize: number) {
    this.file = file;
    this.#bytes = bytes;
    this.fileSize = fileSize;
  }

  /** Moves past `length` bytes that hold `what` and returns where they start. */
  take(length: number, what: string): number {
    const start = this.offset;
    const end = start + length;
    if (end > this.fileSize) {
      failCheckpoint(
        this.file,
        `Expected ${length} bytes of ${what} at byte ${start}, but the file ends at byte ${this.fileSize}: it was cut short`,
        { expectedSize: end, foundSize: this.fileSize },
      );
    }
    if (end > this.#bytes.length) throw new NeedMoreBytes(end);
    this.offset = end;
    return start;
  }

  uint8(what: string): number {
    return this.#bytes.readUInt8(this.take(1, what));
  }
  int8(what: string): number {
    return this.#bytes.readInt8(this.take(1, what));
  }
  uint16(what: string): number {
    return this.#bytes.readUInt16LE(this.take(2, what));
  }
  int16(what: string): number {
    return this.#bytes.readInt16LE(this.take(2, what));
  }
  uint32(what: string): number {
    return this.#bytes.readUInt32LE(this.take(4, what));
  }
  int32(what: string): number {
    return this.#bytes.readInt32LE(this.take(4, what));
  }
  float32(what: string): number {
    return this.#bytes.readFloatLE(this.take(4, what));
  }
  float64(what: string): number {
    return this.#bytes.readDoubleLE(this.take(8, what));
  }
  uint64(what: string): bigint {
    return this.#bytes.readBigUInt64LE(this.take(8, what));
  }
  int64(what: string): bigint {
    return this.#bytes.readBigInt64LE(this.take(8, what));
  }

  /** A 64-bit count or length of things that take at least `bytesEach` bytes of this file each. */
  count(what: string, bytesEach: number): number {
    const at = this.offset;
    const count = this.uint64(what);
    if (count * BigInt(bytesEach) > BigInt(this.fileSize - this.offset)) {
      failCheckpoint(
        this.file,
        `Expected ${count} x ${bytesEach} bytes or more after the ${what} at byte ${at}, but the file ends at byte ${this.fileSize}: it was cut short or is damaged`,
        { expectedSize: this.offset + Number(count) * bytesEach, foundSize: this.fileSize },
      );
    }
    return Number(count);
  }

  /** A length and that many bytes of UTF-8. */
  string(what: string): string {
    const length = this.count(`length of ${what}`, 1);
    const start = this.take(length, what);
    return this.#bytes.toString("utf8", start, start + length);
  }
}
