/** Small JSON files of a model directory. */
import { readFile } from "node:fs/promises";
import { ErprmError } from "../errors.js";
import { isObject } from "./tokenizer-json.js";

/** @throws ERPRM_NOT_FOUND or ERPRM_IO with the path */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new ErprmError(
      missing ? "ERPRM_NOT_FOUND" : "ERPRM_IO",
      missing ? `Expected a file at ${path}, found none` : `Could not read ${path}: ${(cause as Error).message}`,
      { path },
      cause,
    );
  }
}

/** @throws ERPRM_INVALID_DATA with the file when it holds no JSON object; ERPRM_NOT_FOUND, ERPRM_IO */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  const text = await readText(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ErprmError(
      "ERPRM_INVALID_DATA",
      `Expected ${path} to be JSON: ${(cause as Error).message}`,
      { file: path },
      cause,
    );
  }
  if (isObject(value)) return value;
  throw new ErprmError("ERPRM_INVALID_DATA", `Expected ${path} to be a JSON object, received ${typeof value}`, {
    file: path,
  });
}
