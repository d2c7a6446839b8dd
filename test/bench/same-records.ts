/** Whether two files hold the same records: fields in any order, a null field the same as none, numbers within a tolerance. */
import { readRecords } from "../../src/data/read-records.js";

/** Of labels and standard errors: others write e^eta where we write expm1. */
const tolerance = 1e-12;

/** @throws with the first record that differs */
export async function expectSameRecords(path: string, expected: string): Promise<number> {
  const others = readRecords(expected)[Symbol.asyncIterator]();
  let numRecords = 0;
  for await (const { value, line } of readRecords(path)) {
    const { value: other, done } = await others.next();
    if (done) throw new Error(`${path} has more records than ${expected}`);
    const difference = differenceOf(value, other.value, "");
    if (difference !== undefined) throw new Error(`${path} line ${line} differs from ${expected} at ${difference}`);
    numRecords += 1;
  }
  if (!(await others.next()).done) throw new Error(`${path} has ${numRecords} records, ${expected} has more`);
  return numRecords;
}

/** Where they differ. */
function differenceOf(one: unknown, other: unknown, path: string): string | undefined {
  if (typeof one === "number" && typeof other === "number") {
    return Math.abs(one - other) <= tolerance ? undefined : `${path}: ${one} and ${other}`;
  }
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return (one ?? undefined) === (other ?? undefined) ? undefined : `${path}: ${one} and ${other}`;
  }
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const inner = [one, other].map((value) => (value as Record<string, unknown>)[name] ?? undefined);
    const difference = differenceOf(inner[0], inner[1], `${path}.${name}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}
