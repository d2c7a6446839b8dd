/**
 * Files that appear together or not at all: written into a directory of their own beside their place, synced, then renamed.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isPlainError, syncDirectory } from "./atomic-file.js";
import { ioError } from "./io-error.js";

/** A name that `RunDirectory` knows for one that a killed process left behind. */
function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`);
}

/**
 * `write` fills a new directory, which then takes the place of `path`.
 * @throws ERPRM_IO {path}; errors of `write` as they are. `path` is then as it was.
 */
export async function replaceDirectory(path: string, write: (directory: string) => Promise<void>): Promise<void> {
  const staged = temporaryBeside(path);
  try {
    await mkdir(staged);
    await write(staged);
    await syncDirectory(staged);
    await rm(path, { recursive: true, force: true });
    await rename(staged, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    throw isPlainError(error) ? error : ioError(error, path, "write");
  }
}

/**
 * `write` fills a new directory, whose entries then move into `directory` one after another, `last` at the end: who finds
 * `last` finds them all. An entry of the same name is replaced.
 * @throws ERPRM_IO {path}; errors of `write` as they are
 */
export async function addFiles(
  directory: string,
  last: string,
  write: (staged: string) => Promise<void>,
): Promise<void> {
  const staged = temporaryBeside(join(directory, "files"));
  try {
    await mkdir(staged);
    await write(staged);
    await syncDirectory(staged);
    const names = (await readdir(staged)).sort((a, b) => Number(a === last) - Number(b === last));
    await rm(join(directory, last), { force: true });
    for (const name of names) {
      if (name === last) await syncDirectory(directory);
      await rm(join(directory, name), { recursive: true, force: true });
      await rename(join(staged, name), join(directory, name));
    }
    await syncDirectory(directory);
  } catch (error) {
    throw isPlainError(error) ? error : ioError(error, directory, "write");
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

/** Removes what killed processes left of staged files; only for who holds the directory's lock. */
export async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (/^\..*\.\d+-[0-9a-f]{8}\.tmp$/.test(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
}

/** A file that is on the disk when this resolves. */
export async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(path, "w");
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
