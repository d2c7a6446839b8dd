/** A file that grows at its end and is cut back to a known length when work goes on from an earlier point. */
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { ErprmError } from "../errors.js";
import { AppendedFile } from "./appended-file.js";

/** How much of a file's end is looked at. */
const tailBytes = 1 << 16;

/** What a file was at some time. */
export interface CutPlace {
  size: number;
  /** SHA-256 of the last 64 KiB before, or of what there is. */
  tail: string;
}

/** Of the file's first `size` bytes; undefined where it has fewer. */
export async function placeAt(handle: FileHandle, size: number): Promise<CutPlace | undefined> {
  const bytes = await bytesBetween(handle, Math.max(0, size - tailBytes), size);
  if (bytes.length < Math.min(size, tailBytes)) return undefined;
  return { size, tail: createHash("sha256").update(bytes).digest("hex") };
}

/** Fewer where the file ends before. */
async function bytesBetween(handle: FileHandle, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
    if (bytesRead === 0) return bytes.slice(0, at);
    at += bytesRead;
  }
  return bytes;
}

export class CutFile {
  readonly #file: AppendedFile;

  private constructor(file: AppendedFile) {
    this.#file = file;
  }

  /**
   * Opens or creates the file and drops what lies behind `place`; without one, everything.
   * @throws ERPRM_INVALID_DATA {file} when it is shorter, or ends otherwise there, and the file stays as it is; ERPRM_IO
   */
  static async open(path: string, place?: CutPlace): Promise<CutFile> {
    const file = await AppendedFile.open(path, place?.size ?? 0, async (handle) => {
      if (!place || (await placeAt(handle, place.size))?.tail === place.tail) return;
      const message = `Expected ${path} to begin with the ${place.size} bytes that were written, found others: it was changed since; start over with --force`;
      throw new ErprmError("ERPRM_INVALID_DATA", message, { file: path });
    });
    return new CutFile(file);
  }

  get path(): string {
    return this.#file.path;
  }

  get size(): number {
    return this.#file.size;
  }

  /** Where `open` can go on. */
  async place(): Promise<CutPlace> {
    const place = await placeAt(this.#file.handle, this.size);
    if (place) return place;
    const message = `Expected ${this.path} to have the ${this.size} bytes that were written: somebody else changes it`;
    throw new ErprmError("ERPRM_IO", message, { path: this.path });
  }

  /** The bytes from `start` on. */
  read(start: number): Promise<Uint8Array<ArrayBuffer>> {
    return bytesBetween(this.#file.handle, start, this.size);
  }

  /** As `AppendedFile.append`. */
  append(bytes: Uint8Array): Promise<void> {
    return this.#file.append(bytes);
  }

  /** As `AppendedFile.sync`. */
  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
