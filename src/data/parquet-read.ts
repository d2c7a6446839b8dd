/**
 * Rows of a Parquet file as plain records: lists become arrays, structs objects, 64-bit integers numbers.
 * Parquet knows no absent field, only null: null fields are left out of the records.
 */
import type { FileMetaData } from "hyparquet";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { dataError } from "./data-error.js";
import type { PlacedRecord } from "./read-records.js";

/** @throws ERPRM_INVALID_DATA when the file is no Parquet file, is cut short or holds integers beyond 2^53. */
export async function* readParquet(path: string): AsyncIterable<PlacedRecord> {
  const file = await asyncBufferFromFile(path);
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(file);
  } catch (error) {
    throw dataError(`Expected a Parquet file: ${(error as Error).message}`, { file: path, line: 1 }, undefined, error);
  }
  // One row group at a time: its pages are decoded as a whole whichever rows are asked for.
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    for (const [i, row] of (await decodeRows(rowStart, rowEnd)).entries()) {
      const place = { file: path, line: rowStart + i + 1 };
      yield { value: plainValue(row, place), ...place };
    }
    rowStart = rowEnd;
  }

  async function decodeRows(rowStart: number, rowEnd: number): Promise<Record<string, unknown>[]> {
    try {
      return await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
    } catch (error) {
      const place = { file: path, line: rowStart + 1 };
      throw dataError(`Expected readable Parquet pages: ${(error as Error).message}`, place, undefined, error);
    }
  }
}

function plainValue(value: unknown, place: { file: string; line: number }): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) {
      throw dataError(`Expected integers below 2^53, received ${value}`, place);
    }
    return number;
  }
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((element) => plainValue(element, place));
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<unknown>, (element) => plainValue(element, place));
  }
  if (typeof value === "object" && value !== null) {
    const present = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
    return Object.fromEntries(present.map(([name, field]) => [name, plainValue(field, place)]));
  }
  return value;
}
