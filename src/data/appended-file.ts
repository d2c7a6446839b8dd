/** A file that grows at its end, opened at a known length: what lies behind is dropped once the rest was found as it should be. */
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory, writeFully } from "./atomic-file.js";
import { ioError } from "./io-error.js";

export class AppendedFile {
  readonly path: string;
  readonly handle: FileHandle;
  #size: number;

  private constructor(path: string, handle: FileHandle, size: number) {
    this.path = path;
    this.handle = handle;
    this.#size = size;
  }

  /**
   * Opens or creates the file and drops what lies behind its first `size` bytes.
   * @param check throws where these are not what was written: then the file stays as it is
   * @throws what `check` throws; ERPRM_IO
   */
  static async open(path: string, size: number, check: (handle: FileHandle) => Promise<void>): Promise<AppendedFile> {
    let handle: FileHandle | undefined;
    try {
      // Created where it is missing, and not truncated where it is not.
      handle = await open(path, "a");
      await handle.close();
      handle = await open(path, "r+");
      await check(handle);
      await handle.truncate(size);
      await syncDirectory(dirname(path));
      return new AppendedFile(path, handle, size);
    } catch (error) {
      await handle?.close();
      throw ioError(error, path, "write");
    }
  }

  /** Bytes of what was appended whole, and of what was there. */
  get size(): number {
    return this.#size;
  }

  /** Calls must not overlap. @throws ERPRM_IO (a full disk): a part may stay, and is cut off at the next `open` */
  async append(bytes: Uint8Array): Promise<void> {
    try {
      await writeFully(this.handle, bytes, this.#size);
    } catch (error) {
      throw ioError(error, this.path, "write");
    }
    this.#size += bytes.length;
  }

  /** Everything that was appended is on the disk when it resolves. @throws ERPRM_IO */
  async sync(): Promise<void> {
    try {
      await this.handle.datasync();
    } catch (error) {
      throw ioError(error, this.path, "write");
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
