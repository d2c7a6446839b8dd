/**
 * Exact rationals over BigInt, in lowest terms with a positive denominator. Operations return undefined instead of a
 * number that has no value (division by zero) or would be too large (`maxBits`).
 */
import { maxBits, maxReducedBits } from "./limits.js";

export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

export const zero: Rational = { n: 0n, d: 1n };
export const one: Rational = { n: 1n, d: 1n };

function gcd(a: bigint, b: bigint): bigint {
  let x = a < 0n ? -a : a;
  let y = b < 0n ? -b : b;
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** An upper bound of the bits of |x|; cheap for the small numbers that are nearly all of them. */
export function bitLength(x: bigint): number {
  const magnitude = x < 0n ? -x : x;
  return magnitude < 0x1_0000_0000n ? 32 : magnitude.toString(16).length * 4;
}

function bits(x: Rational): number {
  return Math.max(bitLength(x.n), bitLength(x.d));
}

export function rational(n: bigint, d = 1n): Rational | undefined {
  if (d === 0n) return undefined;
  if (d === 1n) return { n, d };
  if (bitLength(n) > maxReducedBits && bitLength(d) > maxReducedBits) return undefined;
  const sign = d < 0n ? -1n : 1n;
  const divisor = gcd(n, d) * sign;
  return divisor === 1n ? { n, d } : { n: n / divisor, d: d / divisor };
}

export function integer(value: number | bigint): Rational {
  return { n: BigInt(value), d: 1n };
}

/** The value of `digits`, `digits.digits` or `.digits`, times 10^exponent. */
export function parseDecimal(text: string, exponent = 0): Rational | undefined {
  const point = text.indexOf(".");
  const digits = point < 0 ? text : text.slice(0, point) + text.slice(point + 1);
  const scale = exponent - (point < 0 ? 0 : text.length - point - 1);
  if ((digits.length + Math.abs(scale)) * 3.33 > maxBits) return undefined;
  const n = BigInt(digits === "" ? "0" : digits);
  return scale >= 0 ? integer(n * 10n ** BigInt(scale)) : rational(n, 10n ** BigInt(-scale));
}

export function add(a: Rational, b: Rational): Rational | undefined {
  if (bits(a) + bits(b) > maxBits) return undefined;
  return rational(a.n * b.d + b.n * a.d, a.d * b.d);
}

export function negate(a: Rational): Rational {
  return { n: -a.n, d: a.d };
}

export function multiply(a: Rational, b: Rational): Rational | undefined {
  if (bits(a) + bits(b) > maxBits) return undefined;
  return rational(a.n * b.n, a.d * b.d);
}

export function divide(a: Rational, b: Rational): Rational | undefined {
  if (bits(a) + bits(b) > maxBits) return undefined;
  return rational(a.n * b.d, a.d * b.n);
}

export function equal(a: Rational, b: Rational): boolean {
  return a.n === b.n && a.d === b.d;
}

export function compare(a: Rational, b: Rational): number {
  const left = a.n * b.d;
  const right = b.n * a.d;
  return left < right ? -1 : left > right ? 1 : 0;
}

export function absolute(a: Rational): Rational {
  return a.n < 0n ? negate(a) : a;
}

export function floor(a: Rational): Rational {
  const quotient = a.n / a.d;
  return integer(a.n < 0n && quotient * a.d !== a.n ? quotient - 1n : quotient);
}

export function isInteger(a: Rational): boolean {
  return a.d === 1n;
}

/** base^exponent where it is rational: an integer exponent, or a root that comes out. 0^0 is 1. */
export function power(base: Rational, exponent: Rational): Rational | undefined {
  let root = base;
  if (!isInteger(exponent)) {
    if (exponent.d > 64n || base.n < 0n) return undefined;
    const exact = nthRoot(base, Number(exponent.d));
    if (exact === undefined) return undefined;
    root = exact;
  }
  const k = exponent.n < 0n ? -exponent.n : exponent.n;
  if (exponent.n < 0n && root.n === 0n) return undefined;
  if (root.d === 1n && (root.n === 0n || root.n === 1n)) return k === 0n ? one : root;
  if (root.d === 1n && root.n === -1n) return k % 2n === 0n ? one : root;
  if (k > BigInt(maxBits) || Number(k) * Math.max(exactBits(root.n), exactBits(root.d)) > maxBits) return undefined;
  const n = root.n ** k;
  const d = root.d ** k;
  return exponent.n < 0n ? rational(d, n) : { n, d };
}

function exactBits(x: bigint): number {
  return (x < 0n ? -x : x).toString(2).length;
}

/** The real n-th root when it is rational. The root of a negative number exists for odd n only. */
export function nthRoot(x: Rational, n: number): Rational | undefined {
  if (n < 1 || n > 64 || (x.n < 0n && n % 2 === 0)) return undefined;
  const top = integerRoot(x.n < 0n ? -x.n : x.n, n);
  const bottom = top === undefined ? undefined : integerRoot(x.d, n);
  if (top === undefined || bottom === undefined) return undefined;
  return { n: x.n < 0n ? -top : top, d: bottom };
}

function integerRoot(x: bigint, n: number): bigint | undefined {
  if (x < 2n) return x;
  const k = BigInt(n);
  // Newton from above: the first guess has one bit more than the root.
  let guess = 1n << BigInt(Math.ceil(exactBits(x) / n) + 1);
  for (;;) {
    const next = ((k - 1n) * guess + x / guess ** (k - 1n)) / k;
    if (next >= guess) break;
    guess = next;
  }
  return guess ** k === x ? guess : undefined;
}

/** The nearest double; ratios of huge integers keep their leading digits. */
export function toNumber(a: Rational): number {
  const direct = Number(a.n) / Number(a.d);
  if (Number.isFinite(direct) && (direct !== 0 || a.n === 0n)) return direct;
  const shift = exactBits(a.d) - exactBits(a.n) + 80;
  const scaled = shift >= 0 ? (a.n << BigInt(shift)) / a.d : a.n / (a.d << BigInt(-shift));
  return Number(scaled) * 2 ** -shift;
}
