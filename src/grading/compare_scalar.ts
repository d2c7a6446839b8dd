/**
 * Whether two expressions have the same value: exactly where both are rational, at deterministic points in complex
 * doubles otherwise. Infinity equals infinity only where both say so.
 */
import { type Node, some, symbolsOf } from "./ast.js";
import * as c from "./complex.js";
import { evaluateComplex } from "./evaluate_complex.js";
import { evaluateExact } from "./evaluate_exact.js";
import * as q from "./rational.js";

export interface Verdict {
  correct: boolean;
  /** The rule that decided. */
  method: string;
}

const numPoints = 6;
const relativeTolerance = 1e-9;
const absoluteTolerance = 1e-12;

/** A reproducible number in [0, 1) for a symbol and a point. */
export function draw(name: string, index: number): number {
  let state = 2166136261 ^ index;
  for (let k = 0; k < name.length; k += 1) state = Math.imul(state ^ name.charCodeAt(k), 16777619);
  for (let round = 0; round < 3; round += 1) {
    state = Math.imul(state ^ (state >>> 15), 2246822519);
    state = Math.imul(state ^ (state >>> 13), 3266489917) ^ index;
  }
  return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
}

/** Numbers for the symbols: small positive rationals, of either sign where `signed`. */
function exactPoint(names: Iterable<string>, index: number, signed: boolean): Map<string, q.Rational> {
  const point = new Map<string, q.Rational>();
  for (const name of names) {
    const sign = signed && index % 2 === 1 && draw(name, index + 100) < 0.6 ? -1n : 1n;
    const value = q.rational(
      sign * BigInt(2 + Math.floor(draw(name, index) * 89)),
      BigInt(3 + Math.floor(draw(name, index + 50) * 31)),
    );
    point.set(name, value as q.Rational);
  }
  return point;
}

/** Small positive integers for the symbols: the points at which sums and products with symbolic bounds have values. */
function integerPoint(names: Iterable<string>, index: number): Map<string, q.Rational> {
  return new Map([...names].map((name) => [name, q.integer(1 + index + Math.floor(draw(name, index) * 5))]));
}

function hasSymbolicBounds(node: Node): boolean {
  return some(node, (inner) => {
    if (inner.kind !== "bigOperator" || (inner.name !== "sum" && inner.name !== "product")) return false;
    return [inner.lower, inner.upper].some((bound) => bound !== undefined && symbolsOf(bound).size > 0);
  });
}

function complexPoint(names: Iterable<string>, index: number, signed: boolean): Map<string, c.Complex> {
  const point = new Map<string, c.Complex>();
  for (const name of names) {
    const sign = signed && index % 2 === 1 && draw(name, index + 100) < 0.6 ? -1 : 1;
    point.set(name, c.complex(sign * (0.35 + 2.3 * draw(name, index))));
  }
  return point;
}

export function isInfinite(node: Node): 1 | -1 | 0 {
  if (node.kind === "constant") return node.name === "infinity" ? 1 : 0;
  if (node.kind === "negate") return -isInfinite(node.of) as 1 | -1 | 0;
  if (node.kind === "bracket" && node.items.length === 1) return isInfinite(node.items[0] as Node);
  return 0;
}

/** Roots, logarithms and broken powers of symbols: their answers assume positive symbols, as textbooks do. */
function assumesPositive(node: Node): boolean {
  return some(node, (inner) => {
    if (inner.kind === "apply")
      return /^(?:sqrt|root|ln|log)$/.test(inner.name) && inner.args.some((arg) => symbolsOf(arg).size > 0);
    return inner.kind === "power" && symbolsOf(inner.base).size > 0 && exponentIsBroken(inner.exponent);
  });
}

function exponentIsBroken(exponent: Node): boolean {
  const value = evaluateExact(exponent);
  return value === undefined || !q.isInteger(value);
}

function hasAbsolute(node: Node): boolean {
  return some(node, (inner) => inner.kind === "apply" && inner.name === "abs");
}

/** Same number up to rounding of the doubles. */
export function closeTo(a: c.Complex, b: c.Complex): boolean {
  const difference = c.magnitude(c.subtract(a, b));
  return difference <= absoluteTolerance || difference <= relativeTolerance * Math.max(c.magnitude(a), c.magnitude(b));
}

/** Compares the values of two expressions; `roundingDecimals` as in `GradeOptions`. */
export function compareScalars(a: Node, b: Node, roundingDecimals: number): Verdict {
  const [infiniteA, infiniteB] = [isInfinite(a), isInfinite(b)];
  if (infiniteA !== 0 || infiniteB !== 0) return { correct: infiniteA === infiniteB, method: "infinity" };
  const names = symbolsOf(a, symbolsOf(b));
  const signed = !(assumesPositive(a) || assumesPositive(b)) || hasAbsolute(a) || hasAbsolute(b);
  const exact = compareExactly(a, b, names, signed);
  if (exact !== undefined) {
    if (exact) return { correct: true, method: "exact" };
    return names.size === 0 && isRounding(a, b, roundingDecimals)
      ? { correct: true, method: "rounding" }
      : { correct: false, method: "exact" };
  }
  let numCompared = 0;
  let isCorrect = true;
  for (let index = 0; index < (names.size === 0 ? 1 : numPoints) && isCorrect; index += 1) {
    const point = complexPoint(names, index, signed);
    const [left, right] = [evaluateComplex(a, point), evaluateComplex(b, point)];
    const [hasLeft, hasRight] = [c.hasValue(left), c.hasValue(right)];
    if (hasLeft !== hasRight) isCorrect = false;
    else if (hasLeft) {
      numCompared += 1;
      isCorrect = closeTo(left, right);
    }
  }
  if (numCompared === 0 && isCorrect) return { correct: sameTree(a, b), method: "structure" };
  if (isCorrect) return { correct: true, method: "numeric" };
  if (names.size === 0 && isRounding(a, b, roundingDecimals)) return { correct: true, method: "rounding" };
  return { correct: false, method: "numeric" };
}

function compareExactly(a: Node, b: Node, names: Set<string>, signed: boolean): boolean | undefined {
  let numCompared = 0;
  const pointAt = hasSymbolicBounds(a) || hasSymbolicBounds(b) ? integerPoint : exactPoint;
  for (let index = 0; index < (names.size === 0 ? 1 : numPoints); index += 1) {
    const point = pointAt(names, index, signed);
    const left = evaluateExact(a, point);
    const right = left && evaluateExact(b, point);
    if (!left || !right) {
      if (names.size === 0) return undefined;
      continue;
    }
    if (!q.equal(left, right)) return false;
    numCompared += 1;
  }
  return numCompared >= 3 || (names.size === 0 && numCompared === 1) ? true : undefined;
}

/** The decimals of a bare literal, or undefined for anything that is not one. */
function literalDecimals(node: Node): number | undefined {
  if (node.kind === "number") return node.decimals;
  if (node.kind === "negate" || node.kind === "percent" || node.kind === "degrees") return literalDecimals(node.of);
  if (node.kind === "bracket" && node.items.length === 1) return literalDecimals(node.items[0] as Node);
  return undefined;
}

/**
 * One side is the other, rounded or cut off after at least `roundingDecimals` decimals. Five digits must be left, so
 * that 0.000001 is not a rounding of everything small.
 */
function isRounding(a: Node, b: Node, roundingDecimals: number): boolean {
  const left = literalDecimals(a) || Number.POSITIVE_INFINITY;
  const right = literalDecimals(b) || Number.POSITIVE_INFINITY;
  const decimals = Math.min(left, right);
  if (left === right || decimals < roundingDecimals) return false;
  const [x, y] = [evaluateComplex(a), evaluateComplex(b)];
  if (!c.hasValue(x) || !c.hasValue(y) || c.magnitude(x) * 10 ** decimals < 1e4) return false;
  return c.magnitude(c.subtract(x, y)) < 10 ** -decimals + 1e-15 * c.magnitude(x);
}

function sameTree(a: Node, b: Node): boolean {
  const show = (node: Node): string =>
    JSON.stringify(node, (_key, value) => (typeof value === "bigint" ? value.toString() : value));
  return show(a) === show(b);
}
