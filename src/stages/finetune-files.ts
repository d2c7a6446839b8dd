/** Files of a fine-tuning that appear whole: who finds one knows that its part is done. */
import { readFile, stat } from "node:fs/promises";
import { replaceFile } from "../data/atomic-file.js";
import { ioError } from "../data/io-error.js";

export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw ioError(error, path, "read");
  }
}

/** Undefined when there is none. @throws ERPRM_IO */
export async function readJsonIfThere<T>(path: string): Promise<T | undefined> {
  if (!(await isThere(path))) return undefined;
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    throw ioError(error, path, "read");
  }
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  await replaceFile(path, (handle) => handle.writeFile(bytes));
}
