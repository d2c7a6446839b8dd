/**
 * Pairs that need no parser: two plain numbers, or two equal strings. Settled on the calling thread in a microsecond;
 * undefined means that the pair is not of this kind.
 */
import type { Verdict } from "./compare_scalar.js";
import type { ResolvedOptions } from "./options.js";

const plain = /^\s*(-)?\s*(?:\\?\$)?\s*(\d{1,40}|[1-9]\d{0,2}(?:,\d{3}){1,9})(?:\.(\d{1,40}))?\s*\$?\s*\.?\s*$/;

/** Sign, digits and decimals of a plain number in one spelling: `-1,234.50` and `-1234.5` are the same string. */
export function plainNumber(text: string): string | undefined {
  if (text.length > 64) return undefined;
  const found = plain.exec(text);
  if (!found) return undefined;
  const whole = (found[2] as string).replace(/,/g, "").replace(/^0+(?=\d)/, "");
  const decimals = (found[3] ?? "").replace(/0+$/, "");
  const digits = decimals === "" ? whole : `${whole}.${decimals}`;
  return found[1] && digits !== "0" ? `-${digits}` : digits;
}

export function compareTrivially(candidate: string, reference: string, options: ResolvedOptions): Verdict | undefined {
  if (candidate === reference && candidate !== "" && candidate.length <= 200 && !/[.!?]\s/.test(candidate)) {
    return { correct: candidate.trim() !== "", method: "string" };
  }
  const left = plainNumber(candidate);
  const right = left === undefined ? undefined : plainNumber(reference);
  if (left === undefined || right === undefined) return undefined;
  if (left === right) return { correct: true, method: "number" };
  const decimals = Math.min(decimalsOf(left), decimalsOf(right));
  return decimals >= options.roundingDecimals && Number.isFinite(decimals)
    ? undefined
    : { correct: false, method: "number" };
}

function decimalsOf(digits: string): number {
  const point = digits.indexOf(".");
  return point < 0 ? Number.POSITIVE_INFINITY : digits.length - point - 1;
}
