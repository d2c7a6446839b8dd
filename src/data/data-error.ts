/**
 * Checks of records read from files, with the phrasing of `check.ts` plus the place:
 * `Expected FIELD to be WHAT, received VALUE (type), in FILE line N`. All throw ERPRM_INVALID_DATA {file, line, field}.
 */
import { ErprmError } from "../errors.js";

/** Where a record came from. `line` is 1-based; in Parquet files it is the 1-based row. */
export interface Place {
  file: string;
  line: number;
}

/** What a message shows of a value: JSON, cut after 60 characters. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  return `${text.length > 60 ? `${text.slice(0, 60)}...` : text} (${kind})`;
}

/** `message` without the place; it is appended. */
export function dataError(message: string, place: Place, field?: string, cause?: unknown): ErprmError {
  const details = { file: place.file, line: place.line, ...(field === undefined ? {} : { field }) };
  return new ErprmError("ERPRM_INVALID_DATA", `${message}, in ${place.file} line ${place.line}`, details, cause);
}

/** `expected` completes the sentence "Expected FIELD to be ...". */
export function failField(field: string, expected: string, received: unknown, place: Place): never {
  throw dataError(`Expected ${field} to be ${expected}, received ${shown(received)}`, place, field);
}
