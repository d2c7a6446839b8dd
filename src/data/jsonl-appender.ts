/**
 * The live file of a run: whole records only, each key once, whatever kills the process.
 * A batch is one write, synced; what a kill tears off is the end of the last batch, and the torn record is dropped on open.
 */
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { failArgument } from "../check.js";
import { syncDirectory, writeFully } from "./atomic-file.js";
import { placeAt } from "./cut-file.js";
import { dataError, type Place } from "./data-error.js";
import { ioError } from "./io-error.js";
import { KeyLog } from "./key-log.js";
import { KeySet } from "./key-set.js";
import { splitLines } from "./lines.js";
import { parseJson } from "./read-records.js";

/** Names a record within its file. It is given parsed JSON from a file of this product, and may throw on anything else. */
export type KeyOf<T> = (record: T) => string;

/** Bytes of records from one note of their keys to the next; a smaller file is read in a moment and has none. */
const logBytes = 1 << 26;

/** Bytes read at a time when looking for the last newline. */
const tailBytes = 1 << 16;

export class JsonlAppender<T> {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #keyOf: KeyOf<T>;
  readonly #keys = new KeySet();
  readonly #log: KeyLog | undefined;
  /** Bytes of whole records. */
  #size: number;
  #last: Promise<void> = Promise.resolve();

  private constructor(path: string, handle: FileHandle, size: number, keyOf: KeyOf<T>, log: KeyLog | undefined) {
    this.path = path;
    this.#handle = handle;
    this.#size = size;
    this.#keyOf = keyOf;
    this.#log = log;
  }

  /**
   * Opens or creates the file, drops a torn last record, and reads the keys of the others.
   * @param options `keyLog`: note the keys of a large file beside it (`KeyLog`), and read only the records behind the last note
   * @throws ERPRM_INVALID_DATA {file, line} for a record that does not parse or repeats a key; the file is left as it was,
   *   but for its torn end. ERPRM_IO {path}.
   */
  static async open<T>(
    path: string,
    keyOf: KeyOf<T>,
    { keyLog = false }: { keyLog?: boolean } = {},
  ): Promise<JsonlAppender<T>> {
    let handle: FileHandle | undefined;
    try {
      handle = await openOrCreate(path);
      const size = await dropTornEnd(handle);
      const appender = new JsonlAppender(path, handle, size, keyOf, keyLog ? new KeyLog(path) : undefined);
      await appender.#readKeys();
      return appender;
    } catch (error) {
      await handle?.close();
      throw ioError(error, path, "write");
    }
  }

  /** Number of records in the file. */
  get numRecords(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /**
   * Appends the records in order and resolves when they are on the disk. Calls may overlap; they are written one after another.
   * @throws ERPRM_IO {path} (for example a full disk) with the file cut back to the records before this call;
   *   ERPRM_INVALID_ARGUMENT when a key is there already, nothing written. ERPRM_IO {path} of the note of keys, when the records are written.
   */
  append(records: readonly T[]): Promise<void> {
    const result = this.#last.then(() => this.#appendNow(records));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Waits for the appends under way. */
  async close(): Promise<void> {
    await this.#last;
    await this.#log?.close();
    await this.#handle.close();
  }

  async #appendNow(records: readonly T[]): Promise<void> {
    if (records.length === 0) return;
    const keys = new Set<string>();
    for (const record of records) {
      const key = this.#keyOf(record);
      if (this.#keys.has(key) || keys.has(key)) {
        failArgument("the record's key", `one that is not in ${this.path} yet`, key);
      }
      keys.add(key);
    }
    const bytes = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    try {
      await writeFully(this.#handle, bytes, this.#size);
      await this.#handle.datasync();
    } catch (error) {
      await this.#cutBack();
      throw ioError(error, this.path, "write");
    }
    this.#size += bytes.length;
    for (const key of keys) {
      this.#keys.add(key);
      this.#log?.add(key);
    }
    await this.#noteKeys();
  }

  /** When even this fails the torn end stays, and the next `open` drops it. */
  async #cutBack(): Promise<void> {
    try {
      await this.#handle.truncate(this.#size);
    } catch {
      // The error that is thrown is the one that made the cut necessary.
    }
  }

  async #readKeys(): Promise<void> {
    if (this.#size === 0) return;
    const known = (await this.#log?.restore(this.#keys, (size) => placeAt(this.#handle, size))) ?? 0;
    for await (const { key, line } of this.#keysInFile(known, this.#keys.size + 1)) {
      this.#log?.add(key);
      if (this.#keys.add(key)) continue;
      const place = { file: this.path, line };
      throw dataError(`Expected each record once, received ${key} as in line ${await this.#firstLineOf(key)}`, place);
    }
    await this.#noteKeys();
  }

  async #noteKeys(): Promise<void> {
    if (!this.#log || this.#size - this.#log.size < logBytes) return;
    const place = await placeAt(this.#handle, this.#size);
    if (place) await this.#log.checkpoint(place);
  }

  /** Of the records behind the first `start` bytes, of which `first` is the first one's line. */
  async *#keysInFile(start = 0, first = 1): AsyncGenerator<{ key: string; line: number }, void, undefined> {
    if (start === this.#size) return;
    const bytes = createReadStream(this.path, { start, end: this.#size - 1, highWaterMark: 1 << 18 });
    for await (const { text, line } of splitLines(bytes, this.path, first)) {
      const place = { file: this.path, line };
      yield { key: this.#keyAt(parseJson(text, place), place), line };
    }
  }

  /** Lines are not kept for every key: what has one twice is read again. */
  async #firstLineOf(wanted: string): Promise<number | undefined> {
    for await (const { key, line } of this.#keysInFile()) if (key === wanted) return line;
    return undefined;
  }

  #keyAt(value: unknown, place: Place): string {
    try {
      return this.#keyOf(value as T);
    } catch (error) {
      throw dataError("Expected a record of this run", place, undefined, error);
    }
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const handle = await open(path, "wx+");
  await syncDirectory(dirname(path));
  return handle;
}

/** Cuts off what follows the last newline; returns the size that is left. */
async function dropTornEnd(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const buffer = Buffer.alloc(tailBytes);
  let end = size;
  while (end > 0) {
    const start = Math.max(0, end - tailBytes);
    const { bytesRead } = await handle.read(buffer, 0, end - start, start);
    const newline = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (newline !== -1) {
      end = start + newline + 1;
      break;
    }
    end = start;
  }
  if (end < size) {
    await handle.truncate(end);
    await handle.datasync();
  }
  return end;
}
