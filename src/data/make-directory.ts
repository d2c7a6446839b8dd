/**
 * A directory with its parents. Node's own recursive `mkdir` never ends where the parent is there and the file system
 * answers that it is not (/proc): here every parent is tried once.
 */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ErprmError } from "../errors.js";
import { ioError } from "./io-error.js";

/** @throws ERPRM_INVALID_ARGUMENT {path} where a file stands in its place or on the way to it; ERPRM_IO {path} */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await make(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "ENOTDIR") {
      const found = code === "EEXIST" ? "a file" : "a file on the way to it";
      const message = `Expected a directory, or nothing yet, at ${path}, found ${found}`;
      throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { path }, error);
    }
    if (code === "ENOENT") {
      const message = `Could not create the directory ${path}: its file system makes none there`;
      throw new ErprmError("ERPRM_IO", message, { path, code }, error);
    }
    throw ioError(error, path, "write");
  }
}

async function make(path: string): Promise<void> {
  const missing = await tryMake(path);
  if (missing === undefined) return;
  const parent = dirname(path);
  if (parent === path) throw missing;
  await make(parent);
  const stillMissing = await tryMake(path);
  if (stillMissing !== undefined) throw stillMissing;
}

/** Undefined when the directory is there now, whoever made it; the error when its parent is not. */
async function tryMake(path: string): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return undefined;
    throw error;
  }
  return undefined;
}
