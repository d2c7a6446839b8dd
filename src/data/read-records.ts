/**
 * Any supported file as a stream of records with their place. What the records mean is not decided here.
 */
import { stat } from "node:fs/promises";
import { dataError, type Place } from "./data-error.js";
import { type FileType, fileTypeOf } from "./file-type.js";
import { ioError } from "./io-error.js";
import { splitJsonValues } from "./json-values.js";
import { type Line, splitLines } from "./lines.js";
import { readBytes } from "./read-bytes.js";

/** A record and where it stands; `line` is 1-based (Parquet: the 1-based row). */
export interface PlacedRecord extends Place {
  value: unknown;
}

/**
 * Records of a .jsonl, .json (array or lines), .jsonl.gz, .jsonl.zst or .parquet file, in file order. Empty lines are skipped.
 * @throws ERPRM_INVALID_ARGUMENT (file name), ERPRM_NOT_FOUND, ERPRM_IO, ERPRM_INVALID_DATA {file, line}.
 */
export async function* readRecords(path: string): AsyncIterable<PlacedRecord> {
  const type = fileTypeOf(path);
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
    if (type.layout === "parquet") yield* await readRows(path);
    else yield* readJson(path, type);
  } catch (error) {
    throw ioError(error, path, "read");
  }
}

/** Loaded here: the decompressors are WebAssembly, which reserves gibibytes of addresses that other files do not need. */
async function readRows(path: string): Promise<AsyncIterable<PlacedRecord>> {
  const { readParquet } = await import("./parquet-read.js");
  return readParquet(path);
}

async function* readJson(path: string, type: FileType): AsyncIterable<PlacedRecord> {
  const lines = splitLines(readBytes(path, type.compression), path);
  const values: AsyncIterable<Line> = type.layout === "json" ? splitJsonValues(lines, path) : lines;
  for await (const { text, line } of values) {
    if (text.trim() === "") continue;
    yield { value: parseJson(text, { file: path, line }), file: path, line };
  }
}

/** @throws ERPRM_INVALID_DATA that tells what is wrong with the JSON and where. */
export function parseJson(text: string, place: Place): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw dataError(`Expected valid JSON: ${(error as Error).message}`, place, undefined, error);
  }
}
