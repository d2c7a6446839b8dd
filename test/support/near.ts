/** Comparing what two devices computed: whatever is no number, and every integer, must be the same. */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { ExecutionContext } from "ava";
import { isEmulated } from "./accelerator.js";

/** Equal but for numbers that are no integers, which may differ by 1e-3. */
export function near(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") {
    return Number.isInteger(a) || Number.isInteger(b) ? a === b : Math.abs(a - b) <= 1e-3;
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const [left, right] = [Object.entries(a), b as Record<string, unknown>];
  return left.length === Object.keys(right).length && left.every(([key, value]) => near(value, right[key]));
}

/** The records of a JSONL file. */
export function recordsOf(path: string): Record<string, unknown>[] {
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** With sums of other batches a draw that falls between two tokens takes the other one, and its record is another (docs/method.md, CUDA). */
const mostOthers = 1 / 4;

/** Near; of two lists `share` of the items may be others. */
function nearLists(a: unknown, b: unknown, share: number): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return near(a, b);
  const others = b.filter((item, i) => !near(a[i], item)).length;
  return a.length === b.length && others <= share * b.length;
}

/** Fails unless both JSONL files hold records that are near one another, line by line; on a card but for a few. */
export function sameRecords(t: ExecutionContext, actual: string, expected: string): void {
  const [found, wanted] = [recordsOf(actual), recordsOf(expected)];
  t.true(wanted.length > 0, expected);
  const message = `${actual}: ${JSON.stringify(found)} against ${JSON.stringify(wanted)}`;
  t.true(nearLists(found, wanted, isEmulated ? 0 : mostOthers), message);
}

/** The device that this process's models were moved to (on-device.ts), if they were. */
const movedTo = process.env.ERPRM_MOVED_TO;

const cellsOf = (line: string) => line.split(",").map((cell) => (Number.isNaN(Number(cell)) ? cell : Number(cell)));

/** What the text of a file says: JSON, JSON lines or CSV. */
function said(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const lines = value.trimEnd().split("\n");
  if (!value.startsWith("{")) return lines.map(cellsOf);
  return lines[0] === "{" ? JSON.parse(value) : lines.map((line) => JSON.parse(line));
}

/**
 * Whether two values, or texts of files, are the same: bit for bit on the processor; on a device but for the last digits of
 * numbers, and for a few items of a list.
 */
export function isSameResult(actual: unknown, expected: unknown): boolean {
  return movedTo === undefined
    ? isDeepStrictEqual(actual, expected)
    : nearLists(said(actual), said(expected), mostOthers);
}

/** Fails unless `isSameResult`. */
export function sameResult(t: ExecutionContext, actual: unknown, expected: unknown, message = "the same"): void {
  if (movedTo === undefined) t.deepEqual(actual, expected, message);
  else
    t.true(isSameResult(actual, expected), `${message}: ${JSON.stringify(actual)} against ${JSON.stringify(expected)}`);
}
