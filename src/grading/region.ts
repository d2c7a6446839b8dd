/**
 * Sets of reals in one normal form: sorted, disjoint intervals, whose endpoints stay expressions. Undefined where an
 * answer is no such set or its endpoints have no order (symbols in them).
 */
import type { Node, RelationNode, RelationOperator } from "./ast.js";
import { substitute, symbolsOf } from "./ast.js";
import { isInfinite } from "./compare_scalar.js";
import type { Complex } from "./complex.js";
import { evaluateComplex } from "./evaluate_complex.js";
import { integer } from "./rational.js";

export interface Endpoint {
  value: number;
  node: Node;
  closed: boolean;
}

export interface Interval {
  low: Endpoint;
  high: Endpoint;
}

export type Region = Interval[];

const infinity: Node = { kind: "constant", name: "infinity" };

function endpoint(node: Node, closed: boolean): Endpoint | undefined {
  const infinite = isInfinite(node);
  if (infinite !== 0) return { value: infinite * Number.POSITIVE_INFINITY, node, closed: false };
  if (symbolsOf(node).size > 0) return undefined;
  const value = evaluateComplex(node);
  return Number.isFinite(value.re) && Math.abs(value.im) < 1e-9 ? { value: value.re, node, closed } : undefined;
}

const everywhere = (): Interval => ({
  low: { value: Number.NEGATIVE_INFINITY, node: { kind: "negate", of: infinity }, closed: false },
  high: { value: Number.POSITIVE_INFINITY, node: infinity, closed: false },
});

/** The set of reals an answer denotes. A pair in round brackets counts as an open interval here. */
export function regionOf(node: Node): Region | undefined {
  switch (node.kind) {
    case "bracket":
      return bracketRegion(node.open, node.close, node.items);
    case "namedSet":
      return node.name === "empty" ? [] : node.name === "R" ? [everywhere()] : undefined;
    case "symbol":
      return node.name === "R" ? [everywhere()] : undefined;
    case "setOperation": {
      const [left, right] = [regionOf(node.left), regionOf(node.right)];
      if (!left || !right) return undefined;
      if (node.operator === "union") return union([...left, ...right]);
      return node.operator === "intersection" ? intersect(left, right) : intersect(left, complement(right));
    }
    case "such":
      return regionOf(node.condition);
    case "relation":
      return relationRegion(node);
    case "list": {
      const parts = node.items.map(regionOf);
      if (parts.some((part) => part === undefined)) return undefined;
      const all = parts as Region[];
      // Inequalities for one symbol hold together where they can ("x > 1, x < 5"), else they are joined ("x < 1, x > 5").
      const areRelations = node.items.every((item) => item.kind === "relation" && !item.operators.includes("="));
      if (areRelations && symbolsOf(node).size === 1) {
        const joint = all.reduce(intersect);
        if (joint.length > 0) return joint;
      }
      return union(all.flat());
    }
    default:
      return undefined;
  }
}

function bracketRegion(open: string, close: string, items: Node[]): Region | undefined {
  if (open === "{") {
    const points = items.map((item) => endpoint(item, true));
    if (points.some((point) => point === undefined || !Number.isFinite(point.value))) return undefined;
    return union((points as Endpoint[]).map((point) => ({ low: point, high: point })));
  }
  if (items.length === 1) return regionOf(items[0] as Node);
  if (items.length !== 2) return undefined;
  const low = endpoint(items[0] as Node, open === "[");
  const high = endpoint(items[1] as Node, close === "]");
  return low && high && low.value <= high.value ? [{ low, high }] : undefined;
}

const flipped: Partial<Record<RelationOperator, RelationOperator>> = {
  "<": ">",
  ">": "<",
  "<=": ">=",
  ">=": "<=",
  "!=": "!=",
  "=": "=",
};

/** `x > 3`, `-2 \le x < 7`, `2x \ne 6`, `|x - 1| < 2`: one symbol, linear, on one side and constants on the other. */
function relationRegion(node: RelationNode): Region | undefined {
  if (node.operators.length === 1 && node.operators[0] === "in") return regionOf(node.operands[1] as Node);
  const [name, ...others] = symbolsOf(node);
  if (name === undefined || others.length > 0) return undefined;
  let region: Region = [everywhere()];
  for (const [index, operator] of node.operators.entries()) {
    const turned = flipped[operator];
    if (turned === undefined) return undefined;
    const [left, right] = [node.operands[index] as Node, node.operands[index + 1] as Node];
    let part: Region | undefined;
    if (symbolsOf(right).size === 0) part = solve(left, operator, right, name);
    else if (symbolsOf(left).size === 0) part = solve(right, turned, left, name);
    if (!part) return undefined;
    region = intersect(region, part);
  }
  return region;
}

/** The reals with `side operator bound`, for a side that is linear in the symbol or the modulus of such. */
function solve(side: Node, operator: RelationOperator, bound: Node, name: string): Region | undefined {
  if (side.kind === "symbol") return half(operator, bound);
  const turned = flipped[operator] ?? "other";
  if (side.kind === "apply" && side.name === "abs") {
    const inner = side.args[0] as Node;
    if (inner.kind === "apply" || !(evaluateComplex(bound).re >= 0)) return undefined;
    const right = solve(inner, operator, bound, name);
    const left = solve(inner, turned, { kind: "negate", of: bound }, name);
    if (!right || !left) return undefined;
    return operator.startsWith("<") || operator === "!=" ? intersect(left, right) : union([...left, ...right]);
  }
  const at = (value: number): Node =>
    substitute(side, name, { kind: "number", value: integer(value), decimals: 0, digits: String(value) });
  const [zero, first, second, far] = [0, 1, 2, 7].map((value) => evaluateComplex(at(value))) as [
    Complex,
    Complex,
    Complex,
    Complex,
  ];
  const slope = first.re - zero.re;
  const isLinear = Math.abs(second.re - first.re - slope) < 1e-9 && Math.abs(far.re - zero.re - 7 * slope) < 1e-8;
  const isReal = [zero, first, far].every((value) => Math.abs(value.im) < 1e-9);
  if (!isLinear || !isReal || !(Math.abs(slope) > 1e-9)) return undefined;
  const minus = (a: Node, b: Node): Node => ({ kind: "add", terms: [a, { kind: "negate", of: b }] });
  const solved: Node = { kind: "divide", top: minus(bound, at(0)), bottom: minus(at(1), at(0)) };
  return half(slope > 0 ? operator : turned, solved);
}

/** The reals x with `x operator bound`. */
function half(operator: RelationOperator, bound: Node): Region | undefined {
  const all = everywhere();
  const end = endpoint(bound, operator.endsWith("=") && operator !== "!=");
  if (!end) return undefined;
  switch (operator) {
    case "<":
    case "<=":
      return [{ low: all.low, high: end }];
    case ">":
    case ">=":
      return [{ low: end, high: all.high }];
    case "=":
      return [{ low: end, high: end }];
    case "!=":
      return [
        { low: all.low, high: { ...end, closed: false } },
        { low: { ...end, closed: false }, high: all.high },
      ];
    default:
      return undefined;
  }
}

const near = (a: number, b: number): boolean =>
  a === b ||
  (Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b)));

/** Sorted and merged: [1,2) and [2,3] become [1,3]. */
function union(parts: Region): Region {
  const sorted = [...parts].sort((a, b) => a.low.value - b.low.value || Number(b.low.closed) - Number(a.low.closed));
  const merged: Region = [];
  for (const part of sorted) {
    const last = merged.at(-1);
    const touches =
      last &&
      (near(part.low.value, last.high.value) ? part.low.closed || last.high.closed : part.low.value < last.high.value);
    if (!last || !touches) {
      merged.push(part);
      continue;
    }
    const isSame = near(part.high.value, last.high.value);
    const high = isSame
      ? { ...last.high, closed: last.high.closed || part.high.closed }
      : part.high.value > last.high.value
        ? part.high
        : last.high;
    const low = near(part.low.value, last.low.value)
      ? { ...last.low, closed: last.low.closed || part.low.closed }
      : last.low;
    merged[merged.length - 1] = { low, high };
  }
  return merged;
}

function intersect(a: Region, b: Region): Region {
  const out: Region = [];
  for (const x of a) {
    for (const y of b) {
      const low = near(x.low.value, y.low.value)
        ? { ...x.low, closed: x.low.closed && y.low.closed }
        : x.low.value > y.low.value
          ? x.low
          : y.low;
      const high = near(x.high.value, y.high.value)
        ? { ...x.high, closed: x.high.closed && y.high.closed }
        : x.high.value < y.high.value
          ? x.high
          : y.high;
      if (near(low.value, high.value) ? low.closed && high.closed : low.value < high.value) out.push({ low, high });
    }
  }
  return union(out);
}

function complement(region: Region): Region {
  let rest: Region = [everywhere()];
  for (const { low, high } of region) {
    const all = everywhere();
    const outside: Region = [];
    if (low.value > Number.NEGATIVE_INFINITY) outside.push({ low: all.low, high: { ...low, closed: !low.closed } });
    if (high.value < Number.POSITIVE_INFINITY) outside.push({ low: { ...high, closed: !high.closed }, high: all.high });
    rest = intersect(rest, outside);
  }
  return rest;
}
