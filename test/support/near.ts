/** Comparing what two devices computed: whatever is no number, and every integer, must be the same. */
import { readFileSync } from "node:fs";
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
