/**
 * A file of JSON lines that is cut back to a known length when work goes on from an earlier point. Lines are on the disk when
 * `sync` has resolved; before that a kill of the process loses nothing, a power cut may.
 */
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { ErprmError } from "../errors.js";
import { syncDirectory, writeFully } from "./atomic-file.js";
import { ioError } from "./io-error.js";

export class LogFile {
  readonly path: string;
  readonly #handle: FileHandle;
  #size: number;

  private constructor(path: string, handle: FileHandle, size: number) {
    this.path = path;
    this.#handle = handle;
    this.#size = size;
  }

  /**
   * Opens or creates the file and drops what lies behind its first `size` bytes.
   * @throws ERPRM_INVALID_DATA {file} when it has fewer; ERPRM_IO
   */
  static async open(path: string, size: number): Promise<LogFile> {
    let handle: FileHandle | undefined;
    try {
      // Created where it is missing, and not truncated where it is not.
      handle = await open(path, "a");
      await handle.close();
      handle = await open(path, "r+");
      const { size: found } = await handle.stat();
      if (found < size) {
        const message = `Expected at least ${size} bytes in ${path}, found ${found}: it was changed since the last checkpoint; start over with --force`;
        throw new ErprmError("ERPRM_INVALID_DATA", message, { file: path, expected: size, received: found });
      }
      await handle.truncate(size);
      await syncDirectory(dirname(path));
      return new LogFile(path, handle, size);
    } catch (error) {
      await handle?.close();
      throw ioError(error, path, "write");
    }
  }

  /** Bytes of the whole lines. */
  get size(): number {
    return this.#size;
  }

  /** Calls must not overlap. @throws ERPRM_IO (a full disk): a torn line may stay, and is cut off at the next `open` */
  async append(record: unknown): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
    try {
      await writeFully(this.#handle, bytes, this.#size);
    } catch (error) {
      throw ioError(error, this.path, "write");
    }
    this.#size += bytes.length;
  }

  async sync(): Promise<void> {
    try {
      await this.#handle.datasync();
    } catch (error) {
      throw ioError(error, this.path, "write");
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
