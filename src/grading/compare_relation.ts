/** Equations and inequalities as wholes: equal up to a constant factor (a positive one for inequalities). */
import { type Node, type RelationNode, type RelationOperator, symbolsOf } from "./ast.js";
import { closeTo, draw } from "./compare_scalar.js";
import * as c from "./complex.js";
import { evaluateComplex } from "./evaluate_complex.js";

function difference(left: Node, right: Node): Node {
  return { kind: "add", terms: [left, { kind: "negate", of: right }] };
}

/** The constant k with `a = k b` at every point, or undefined. */
function proportion(a: Node, b: Node): c.Complex | undefined {
  const names = symbolsOf(a, symbolsOf(b));
  let ratio: c.Complex | undefined;
  let numCompared = 0;
  for (let index = 0; index < 8; index += 1) {
    const point = new Map(
      [...names].map((name) => [
        name,
        c.complex((index % 2 === 1 && draw(name, index + 9) < 0.5 ? -1 : 1) * (0.4 + 2.1 * draw(name, index))),
      ]),
    );
    const [x, y] = [evaluateComplex(a, point), evaluateComplex(b, point)];
    if (c.hasValue(x) !== c.hasValue(y)) return undefined;
    if (!c.hasValue(x)) continue;
    if (c.magnitude(x) < 1e-12 && c.magnitude(y) < 1e-12) continue;
    const quotient = c.divide(x, y);
    if (!c.hasValue(quotient) || c.magnitude(quotient) < 1e-12) return undefined;
    if (ratio !== undefined && !closeTo(ratio, quotient)) return undefined;
    ratio ??= quotient;
    numCompared += 1;
  }
  return numCompared >= 3 || (names.size === 0 && numCompared > 0) ? ratio : undefined;
}

export interface Equation {
  left: Node;
  right: Node;
}

export function sameEquation(a: Equation, b: Equation): boolean {
  return proportion(difference(a.left, a.right), difference(b.left, b.right)) !== undefined;
}

const mirrored: Partial<Record<RelationOperator, RelationOperator>> = { ">": "<", ">=": "<=" };

/** `a < b` and `a <= b` as `difference < 0`: each relation of the chain, turned one way. */
function steps(node: RelationNode): { operator: RelationOperator; value: Node }[] {
  return node.operators.map((operator, index) => {
    const [left, right] = [node.operands[index] as Node, node.operands[index + 1] as Node];
    const turned = mirrored[operator];
    return turned ? { operator: turned, value: difference(right, left) } : { operator, value: difference(left, right) };
  });
}

/** The same inequalities in any order. */
export function sameInequality(a: RelationNode, b: RelationNode): boolean {
  const [left, right] = [steps(a), steps(b)];
  if (left.length !== right.length) return false;
  const used = new Set<number>();
  return left.every((step) => {
    const found = right.findIndex((other, index) => {
      if (used.has(index) || other.operator !== step.operator) return false;
      const ratio = proportion(step.value, other.value);
      if (!ratio || Math.abs(ratio.im) > 1e-9) return false;
      return ratio.re > 0 || step.operator === "!=" || step.operator === "=";
    });
    if (found < 0) return false;
    used.add(found);
    return true;
  });
}
