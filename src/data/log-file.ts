/**
 * A file of JSON lines that is cut back to a known length when work goes on from an earlier point. Lines are on the disk when
 * `sync` has resolved; before that a kill of the process loses nothing, a power cut may.
 */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { ErprmError } from "../errors.js";
import { AppendedFile } from "./appended-file.js";

export class LogFile {
  readonly #file: AppendedFile;
  readonly #hash: Hash;

  private constructor(file: AppendedFile, hash: Hash) {
    this.#file = file;
    this.#hash = hash;
  }

  /**
   * Opens or creates the file and drops what lies behind its first `size` bytes.
   * @param digest what `digest` was at that size; absent: the bytes are taken as they are
   * @throws ERPRM_INVALID_DATA {file} when it has fewer bytes, or others, and the file stays as it is; ERPRM_IO
   */
  static async open(path: string, size: number, digest?: string): Promise<LogFile> {
    let hash = createHash("sha256");
    const file = await AppendedFile.open(path, size, async (handle) => {
      const { size: found } = await handle.stat();
      if (found < size) {
        const message = `Expected at least ${size} bytes in ${path}, found ${found}: it was changed since the last checkpoint; start over with --force`;
        throw new ErprmError("ERPRM_INVALID_DATA", message, { file: path, expected: size, received: found });
      }
      hash = await hashOf(path, size);
      if (digest !== undefined && hash.copy().digest("hex") !== digest) {
        const message = `Expected the first ${size} bytes of ${path} as they were written, found others: a line was changed or removed since the last checkpoint; put the file back as it was, or start over with --force`;
        throw new ErprmError("ERPRM_INVALID_DATA", message, { file: path });
      }
    });
    return new LogFile(file, hash);
  }

  get path(): string {
    return this.#file.path;
  }

  /** Bytes of the whole lines. */
  get size(): number {
    return this.#file.size;
  }

  /** SHA-256 of the whole lines, 64 hexadecimal digits. */
  get digest(): string {
    return this.#hash.copy().digest("hex");
  }

  /** Calls must not overlap. @throws ERPRM_IO (a full disk): a torn line may stay, and is cut off at the next `open` */
  async append(record: unknown): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
    await this.#file.append(bytes);
    this.#hash.update(bytes);
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function hashOf(path: string, size: number): Promise<Hash> {
  const hash = createHash("sha256");
  if (size === 0) return hash;
  for await (const bytes of createReadStream(path, { end: size - 1 })) hash.update(bytes as Buffer);
  return hash;
}
