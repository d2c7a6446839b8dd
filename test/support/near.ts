/** Comparing what two devices computed: whatever is no number, and every integer, must be the same. */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { ExecutionContext } from "ava";

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

/** Fails unless both JSONL files hold records that are near one another, line by line. */
export function sameRecords(t: ExecutionContext, actual: string, expected: string): void {
  const [found, wanted] = [recordsOf(actual), recordsOf(expected)];
  t.true(wanted.length > 0, expected);
  t.is(found.length, wanted.length, actual);
  for (const [i, record] of wanted.entries()) {
    t.true(near(found[i], record), `${actual}:${i + 1} ${JSON.stringify(found[i])} against ${JSON.stringify(record)}`);
  }
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
 * numbers, as the sums of a batch of another size are rounded otherwise there (docs/method.md, CUDA).
 */
export function isSameResult(actual: unknown, expected: unknown): boolean {
  return movedTo === undefined ? isDeepStrictEqual(actual, expected) : near(said(actual), said(expected));
}

/** Fails unless `isSameResult`. */
export function sameResult(t: ExecutionContext, actual: unknown, expected: unknown, message = "the same"): void {
  if (movedTo === undefined) t.deepEqual(actual, expected, message);
  else
    t.true(isSameResult(actual, expected), `${message}: ${JSON.stringify(actual)} against ${JSON.stringify(expected)}`);
}
