/**
 * The exact value of an expression, where it is rational: arithmetic, integer powers, roots that come out, factorials,
 * binomials, logarithms of powers, finite sums. Undefined where it is not, or where a limit says stop.
 */
import { type BigOperatorNode, type Node, symbolsOf } from "./ast.js";
import { maxFactorial, maxReducedBits, maxTerms } from "./limits.js";
import type { Rational } from "./rational.js";
import * as q from "./rational.js";

export type ExactPoint = ReadonlyMap<string, Rational>;

const nowhere: ExactPoint = new Map();

export function evaluateExact(node: Node, point: ExactPoint = nowhere): Rational | undefined {
  switch (node.kind) {
    case "number":
      return node.value;
    case "symbol":
      return point.get(node.name);
    case "word":
      return point.get(node.text);
    case "add":
      return fold(node.terms, q.zero, q.add, point);
    case "multiply":
      return fold(node.factors, q.one, q.multiply, point);
    case "divide":
      return binary(node.top, node.bottom, q.divide, point);
    case "negate": {
      const value = evaluateExact(node.of, point);
      return value && q.negate(value);
    }
    case "power":
      return binary(node.base, node.exponent, q.power, point);
    case "percent": {
      const value = evaluateExact(node.of, point);
      return value && q.divide(value, q.integer(100));
    }
    case "degrees":
      return evaluateExact(node.of, point);
    case "bracket":
      return node.items.length === 1 && node.open !== "{" ? evaluateExact(node.items[0] as Node, point) : undefined;
    case "ratio":
      return node.items.length === 2
        ? binary(node.items[0] as Node, node.items[1] as Node, q.divide, point)
        : undefined;
    case "apply":
      return applyExact(node.name, node.args, point);
    case "bigOperator":
      return finiteTerms(node, point);
    default:
      return undefined;
  }
}

function fold(
  nodes: Node[],
  start: Rational,
  combine: (a: Rational, b: Rational) => Rational | undefined,
  point: ExactPoint,
): Rational | undefined {
  let total: Rational | undefined = start;
  for (const node of nodes) {
    const value = evaluateExact(node, point);
    total = value && total && combine(total, value);
    if (!total) return undefined;
  }
  return total;
}

function binary(
  left: Node,
  right: Node,
  combine: (a: Rational, b: Rational) => Rational | undefined,
  point: ExactPoint,
): Rational | undefined {
  const a = evaluateExact(left, point);
  const b = a && evaluateExact(right, point);
  return a && b && combine(a, b);
}

function applyExact(name: string, args: Node[], point: ExactPoint): Rational | undefined {
  const values: Rational[] = [];
  for (const arg of args) {
    const value = evaluateExact(arg, point);
    if (!value) return undefined;
    values.push(value);
  }
  const [x, y] = values;
  if (!x) return undefined;
  switch (name) {
    case "sqrt":
      return q.nthRoot(x, 2);
    case "root":
      return y && q.isInteger(y) && y.n > 0n && y.n < 64n ? q.nthRoot(x, Number(y.n)) : undefined;
    case "abs":
      return q.absolute(x);
    case "floor":
      return q.floor(x);
    case "ceil":
      return q.negate(q.floor(q.negate(x)));
    case "factorial":
      return factorial(x);
    case "binomial":
      return y && binomial(x, y);
    case "gcd":
    case "lcm":
      if (!values.every((value) => q.isInteger(value) && q.bitLength(value.n) <= maxReducedBits)) return undefined;
      return values.reduce((a, b) => (name === "gcd" ? greatestDivisor(a, b) : leastMultiple(a, b)));
    case "max":
    case "min":
      return values.reduce((a, b) => (q.compare(a, b) > 0 === (name === "max") ? a : b));
    case "mod":
      return y && y.n !== 0n ? modulo(x, y) : undefined;
    case "log":
      return y && exactLogarithm(x, y);
    case "ln":
      return q.equal(x, q.one) ? q.zero : undefined;
    default:
      return undefined;
  }
}

function factorial(x: Rational): Rational | undefined {
  if (!q.isInteger(x) || x.n < 0n || x.n > BigInt(maxFactorial)) return undefined;
  let product = 1n;
  for (let k = 2n; k <= x.n; k += 1n) product *= k;
  return q.integer(product);
}

function binomial(n: Rational, k: Rational): Rational | undefined {
  if (!q.isInteger(k) || k.n < 0n || k.n > BigInt(maxFactorial)) return undefined;
  if (q.bitLength(n.n) > 64) return undefined;
  let product: Rational | undefined = q.one;
  for (let j = 0n; j < k.n && product; j += 1n) {
    const top = q.add(n, q.integer(-j));
    const factor = top && q.divide(top, q.integer(j + 1n));
    product = factor && q.multiply(product, factor);
  }
  return product;
}

function greatestDivisor(a: Rational, b: Rational): Rational {
  let x = a.n < 0n ? -a.n : a.n;
  let y = b.n < 0n ? -b.n : b.n;
  while (y !== 0n) [x, y] = [y, x % y];
  return q.integer(x);
}

function leastMultiple(a: Rational, b: Rational): Rational {
  const divisor = greatestDivisor(a, b).n;
  const product = a.n * b.n;
  return divisor === 0n ? q.zero : q.integer((product < 0n ? -product : product) / divisor);
}

function modulo(a: Rational, b: Rational): Rational | undefined {
  const quotient = q.divide(a, b);
  const whole = quotient && q.multiply(q.floor(quotient), b);
  return whole && q.add(a, q.negate(whole));
}

/** log_b x for x = b^(p/r) with small p and r. */
function exactLogarithm(x: Rational, base: Rational): Rational | undefined {
  if (x.n <= 0n || base.n <= 0n || q.equal(base, q.one)) return undefined;
  const estimate = Math.log(q.toNumber(x)) / Math.log(q.toNumber(base));
  if (!Number.isFinite(estimate) || Math.abs(estimate) > 4096) return undefined;
  for (let r = 1; r <= 6; r += 1) {
    const p = Math.round(estimate * r);
    if (Math.abs(estimate * r - p) > 1e-6) continue;
    const [left, right] = [q.power(base, q.integer(p)), q.power(x, q.integer(r))];
    if (left && right && q.equal(left, right)) return q.rational(BigInt(p), BigInt(r));
  }
  return undefined;
}

/** The integer bounds of a finite sum or product, when there are few enough terms. */
export function termRange(node: BigOperatorNode, point: ExactPoint): { from: bigint; to: bigint } | undefined {
  if (!(node.name === "sum" || node.name === "product") || !node.lower || !node.upper || node.variable === undefined)
    return undefined;
  const from = evaluateExact(node.lower, point);
  const to = from && evaluateExact(node.upper, point);
  if (!from || !to || !q.isInteger(from) || !q.isInteger(to)) return undefined;
  return to.n - from.n < BigInt(maxTerms) ? { from: from.n, to: to.n } : undefined;
}

function finiteTerms(node: BigOperatorNode, point: ExactPoint): Rational | undefined {
  const range = termRange(node, point);
  if (!range || nestedOperators(node.body) > 1) return undefined;
  let total: Rational | undefined = node.name === "sum" ? q.zero : q.one;
  for (let k = range.from; k <= range.to && total; k += 1n) {
    const inner = new Map(point).set(node.variable as string, q.integer(k));
    const value = evaluateExact(node.body, inner);
    total = value && (node.name === "sum" ? q.add(total, value) : q.multiply(total, value));
  }
  return total;
}

function nestedOperators(node: Node): number {
  if (node.kind === "bigOperator") return 1 + nestedOperators(node.body);
  return symbolsOf(node).size > 6 ? 2 : 0;
}
