/**
 * Checks of arguments, with one phrasing: `Expected NAME to be WHAT, received VALUE (type)`.
 * All throw ERPRM_INVALID_ARGUMENT with details {name, expected, received}.
 */
import { ErprmError } from "./errors.js";

/** Throws ERPRM_INVALID_ARGUMENT. `expected` completes the sentence "Expected NAME to be ...". */
export function failArgument(name: string, expected: string, received: unknown): never {
  const shown = typeof received === "string" ? JSON.stringify(received) : String(received);
  throw new ErprmError(
    "ERPRM_INVALID_ARGUMENT",
    `Expected ${name} to be ${expected}, received ${shown} (${received === null ? "null" : typeof received})`,
    { name, expected, received },
  );
}

export function expectFiniteNumber(name: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) failArgument(name, "a finite number", value);
  return value;
}

/** A finite number in [low, high]. */
export function expectNumberIn(name: string, value: unknown, low: number, high: number): number {
  if (typeof value !== "number" || !(value >= low && value <= high)) {
    failArgument(name, `a number from ${low} to ${high}`, value);
  }
  return value;
}

/** An integer in [low, high]; the default upper bound is the largest 32-bit integer, which is what native code holds. */
export function expectInteger(name: string, value: unknown, low = 0, high = 2 ** 31 - 1): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
    failArgument(name, `an integer from ${low} to ${high}`, value);
  }
  return value;
}

export function expectPositiveInteger(name: string, value: unknown): number {
  return expectInteger(name, value, 1);
}

export function expectString(name: string, value: unknown): string {
  if (typeof value !== "string") failArgument(name, "a string", value);
  return value;
}

export function expectOneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  if (!allowed.includes(value as T)) failArgument(name, `one of ${allowed.join(", ")}`, value);
  return value as T;
}
