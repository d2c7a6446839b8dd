/**
 * A file that appears whole or not at all: written beside its place, synced, renamed.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ioError } from "./io-error.js";

/**
 * Calls `write` with a handle of a temporary file in the same directory, then puts it in the place of `path`.
 * When anything fails, `path` is as it was and the temporary file is gone.
 * @throws ERPRM_IO naming `path`; other errors of `write` as they are.
 */
export async function replaceFile(path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`);
  try {
    const handle = await open(temporary, "wx");
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw isPlainError(error) ? error : ioError(error, path, "write");
  }
}

/** Makes a rename or a removal in the directory survive a power failure. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** An error that no system call raised: the writer's own, to be passed on unchanged. */
export function isPlainError(error: unknown): boolean {
  return (
    typeof (error as NodeJS.ErrnoException)?.code !== "string" || (error as NodeJS.ErrnoException).errno === undefined
  );
}

/** Writes all bytes at `position`, by default where the last write ended; `FileHandle.write` may write fewer than asked. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const at = position === undefined ? null : position + done;
    done += (await handle.write(bytes, done, bytes.length - done, at)).bytesWritten;
  }
}
