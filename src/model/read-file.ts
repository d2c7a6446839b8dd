/** Reading files with the product's errors: what is missing is ERPRM_NOT_FOUND, what cannot be read is ERPRM_IO. */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { ErprmError } from "../errors.js";
import { failCheckpoint } from "./stored-tensor.js";

/** An operating system error on `path`, as ours. */
export function fileError(path: string, error: unknown): ErprmError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new ErprmError("ERPRM_NOT_FOUND", `Expected a file at ${path}, found none`, { path }, error);
  }
  return new ErprmError("ERPRM_IO", `Cannot read ${path}: ${(error as Error).message}`, { path }, error);
}

/** Runs `read` on the open file and closes it. */
export async function withFile<T>(path: string, read: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    throw fileError(path, error);
  }
  try {
    return await read(file, (await file.stat()).size);
  } catch (error) {
    throw error instanceof ErprmError ? error : fileError(path, error);
  } finally {
    await file.close();
  }
}

/** Fills a buffer from byte `offset`; shorter than `length` only where the file ends. */
export async function readBytes(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** The JSON object in a file. @throws ERPRM_NOT_FOUND, ERPRM_IO, ERPRM_INVALID_CHECKPOINT when it is not an object */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw fileError(path, error);
  }
  return parseJsonObject(path, text);
}

/** The JSON object in `text`, which came from `path`. @throws ERPRM_INVALID_CHECKPOINT */
export function parseJsonObject(path: string, text: string, what = "the file"): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    failCheckpoint(path, `Expected ${what} to be JSON: ${(error as Error).message}`, {}, error);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    failCheckpoint(path, `Expected ${what} to be a JSON object, received ${JSON.stringify(value).slice(0, 40)}`);
  }
  return value as Record<string, unknown>;
}
