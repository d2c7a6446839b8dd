/**
 * The structure of an answer: what is a value, what is a name for it, what is a collection. Resolves relations
 * (`x = 5`, `7\pi \approx 21.99`, `x \in S`), `\pm`, and scaled vectors.
 */
import {
  type BracketNode,
  children,
  mapChildren,
  type Node,
  type RelationNode,
  type RelationOperator,
  some,
  symbolsOf,
} from "./ast.js";
import { compareScalars } from "./compare_scalar.js";
import { maxSigns } from "./limits.js";

export type Shape =
  | { shape: "scalar"; node: Node }
  /** Unordered: a list without brackets, or a set in braces. `oneName`: all are values of one symbol, "x = 1 or x = 2". */
  | { shape: "many"; items: Node[]; braces: boolean; oneName?: true }
  | { shape: "tuple"; bracket: BracketNode }
  /** A set of reals: unions, named sets, inequalities. */
  | { shape: "region"; node: Node }
  | { shape: "matrix"; rows: Node[][] }
  | { shape: "equation"; left: Node; right: Node }
  | { shape: "named"; name: string; node: Node; value: Node }
  | { shape: "text"; text: string };

/** The ways to read an answer that states several: the members of an approximation chain, or just itself. */
export function alternatives(node: Node): Node[] {
  if (node.kind !== "relation") return [node];
  const implied = node.operators.lastIndexOf("=>");
  if (implied >= 0) return alternatives(slice(node, implied + 1, node.operands.length));
  if (!node.operators.includes("~")) return [node];
  const parts: Node[] = [];
  let start = 0;
  for (let k = 0; k <= node.operators.length; k += 1) {
    if (k < node.operators.length && node.operators[k] !== "~") continue;
    parts.push(slice(node, start, k + 1));
    start = k + 1;
  }
  // In x ≈ 3.14 the name is no value.
  return parts.length > 1 && nameOf(parts[0] as Node) !== undefined ? parts.slice(1) : parts;
}

function slice(node: RelationNode, from: number, to: number): Node {
  if (to - from === 1) return node.operands[from] as Node;
  return { kind: "relation", operands: node.operands.slice(from, to), operators: node.operators.slice(from, to - 1) };
}

/** The text of a node that only names a value: `x`, `f(x)`, `AB`, `\angle A`, `\frac{dy}{dx}`; undefined for others. */
export function nameOf(node: Node): string | undefined {
  switch (node.kind) {
    case "symbol":
      return node.name;
    case "constant":
      return node.name === "i" || node.name === "e" ? node.name : undefined;
    case "word":
      return node.text;
    case "multiply": {
      const [first, second] = node.factors;
      const head = first && nameOf(first);
      if (node.factors.length === 2 && head !== undefined && isPlainBracket(second)) return head;
      const names = node.factors.map((factor) =>
        factor.kind === "word" ? factor.text : factor.kind === "symbol" ? factor.name : "",
      );
      return names.length <= 5 && names.every((name) => /^[A-Z]'?$/.test(name)) ? names.join("") : undefined;
    }
    case "ratio": {
      const names = node.items.map(nameOf);
      return names.every((name) => name !== undefined) ? names.join(":") : undefined;
    }
    case "divide": {
      const [top, bottom] = [differentialOf(node.top), differentialOf(node.bottom)];
      return top && bottom ? `d${top}/d${bottom}` : undefined;
    }
    case "apply": {
      if (node.name === "compose")
        return node.args.every((arg) => nameOf(arg) !== undefined) ? "composition" : undefined;
      if (!/^(?:overline|bar|prime|abs|vec|subscript .*|overrightarrow|hat)$/.test(node.name)) return undefined;
      const inner = node.args.length === 1 ? nameOf(node.args[0] as Node) : undefined;
      return inner === undefined ? undefined : `${node.name} ${inner}`;
    }
    case "bracket": {
      const names = node.items.map(nameOf);
      return names.length > 0 && names.every((name) => name !== undefined) ? names.join(",") : undefined;
    }
    case "power": {
      // f^{-1}(x) is a product of a power and a bracket; the power alone is no name.
      return undefined;
    }
    default:
      return undefined;
  }
}

function isPlainBracket(node: Node | undefined): boolean {
  return node?.kind === "bracket" && node.open === "(" && node.close === ")";
}

function differentialOf(node: Node): string | undefined {
  if (node.kind === "symbol" && node.name === "d") return "";
  if (node.kind !== "multiply" || node.factors.length !== 2) return undefined;
  const [d, variable] = node.factors;
  return d?.kind === "symbol" && d.name === "d" && variable?.kind === "symbol" ? variable.name : undefined;
}

const comparisons: ReadonlySet<RelationOperator> = new Set(["<", ">", "<=", ">=", "!="]);

function unwrap(node: Node): Node {
  let inner = node;
  while (inner.kind === "bracket" && inner.items.length === 1 && inner.open !== "{") inner = inner.items[0] as Node;
  return inner;
}

/** The structure of one reading. */
export function shapeOf(reading: Node): Shape {
  const node = unwrap(reading);
  switch (node.kind) {
    case "word":
      return { shape: "text", text: node.text };
    case "list":
      return manyOf(node.items, false);
    case "bracket":
      return node.open === "{" ? manyOf(node.items, true) : tupleShape(node);
    case "matrix":
      return { shape: "matrix", rows: node.rows };
    case "setOperation":
    case "namedSet":
    case "such":
      return { shape: "region", node };
    case "relation":
      return relationShape(node);
    default: {
      const signs = expandSigns(node);
      if (signs.length > 1) return { shape: "many", items: signs, braces: false };
      const scaled = scaledVector(node);
      return scaled ? shapeOf(scaled) : { shape: "scalar", node };
    }
  }
}

function tupleShape(bracket: BracketNode): Shape {
  const signs = expandSigns(bracket);
  return signs.length > 1 ? { shape: "many", items: signs, braces: false } : { shape: "tuple", bracket };
}

function relationShape(node: RelationNode): Shape {
  const { operands, operators } = node;
  const first = operands[0] as Node;
  const last = operands.at(-1) as Node;
  if (operators.some((operator) => comparisons.has(operator))) return { shape: "region", node };
  if (operators.length === 1 && operators[0] === "in") return shapeOf(last);
  if (!operators.every((operator) => operator === "=" || operator === "mod")) return { shape: "region", node };
  const signs = expandSigns(node);
  if (signs.length > 1) return { shape: "many", items: signs, braces: false };
  const name = nameOf(first);
  if (name !== undefined) return { shape: "named", name, node, value: last };
  const lastName = nameOf(last);
  if (lastName !== undefined && symbolsOf(first).size === 0)
    return { shape: "named", name: lastName, node, value: first };
  const names = symbolsOf(first);
  if (names.size === 0 && symbolsOf(last).size === 0) return shapeOf(last);
  if (first.kind === "apply" && symbolsOf(last).size === 0)
    return { shape: "named", name: JSON.stringify(first.name), node, value: last };
  const functionName = inverseName(first);
  if (functionName) return { shape: "named", name: functionName, node, value: last };
  if (isExpression(first) && isExpression(last) && compareScalars(first, last, 99).correct) return shapeOf(last);
  return { shape: "equation", left: first, right: last };
}

/** `f^{-1}(x)`, `f'(x)`. */
function inverseName(node: Node): string | undefined {
  if (node.kind !== "multiply" || node.factors.length !== 2 || !isPlainBracket(node.factors[1])) return undefined;
  const [head] = node.factors;
  return head?.kind === "power" && head.base.kind === "symbol" && /^[fghFG]$/.test(head.base.name)
    ? `${head.base.name}^`
    : undefined;
}

function isExpression(node: Node): boolean {
  return !some(
    node,
    (inner) =>
      /^(?:list|relation|matrix|namedSet|setOperation|such)$/.test(inner.kind) ||
      (inner.kind === "bracket" && inner.items.length !== 1),
  );
}

function manyOf(items: Node[], braces: boolean): Shape {
  const stated = braces ? items : items.filter((item) => !isMembership(item));
  const flat = (stated.length === 0 ? items : stated).flatMap((item) => {
    const inner = braces ? item : unwrapListItem(item);
    return expandSigns(inner);
  });
  const [only] = flat;
  if (flat.length === 1 && only && !braces) return shapeOf(only);
  return { shape: "many", braces, ...sharedNames(flat) };
}

/** `k \in \mathbb{Z}` beside an answer: a remark on its symbol. */
function isMembership(item: Node): boolean {
  if (item.kind !== "relation" || item.operators.length !== 1 || item.operators[0] !== "in") return false;
  const set = item.operands[1] as Node;
  return set.kind === "namedSet" || set.kind === "symbol" || set.kind === "apply" || set.kind === "power";
}

function unwrapListItem(item: Node): Node {
  return item.kind === "relation" ? (alternatives(item)[0] as Node) : item;
}

/** `x = 1, 2` and `x = 1` or `x = 2` list values of one name: the name goes. */
function sharedNames(items: Node[]): { items: Node[]; oneName?: true } {
  const shapes = items.map((item) => (item.kind === "relation" ? relationShape(item) : undefined));
  const [firstShape] = shapes;
  if (firstShape?.shape !== "named") return { items };
  const names = shapes.map((shape) => (shape?.shape === "named" ? shape.name : undefined));
  const stem = (name: string | undefined): string | undefined => name?.replace(/_.*$/, "");
  const onlyFirst = shapes.slice(1).every((shape) => shape === undefined);
  if (!onlyFirst && names.some((name) => stem(name) !== stem(firstShape.name))) return { items };
  const values = items.map((item, index) => {
    const shape = shapes[index];
    return shape?.shape === "named" ? shape.value : item;
  });
  const isOne = onlyFirst || names.every((name) => name === firstShape.name);
  return { items: values, ...(isOne ? { oneName: true as const } : {}) };
}

/** The values of an answer with `\pm`. Signs are chosen together where `\mp` occurs, else each on its own. */
export function expandSigns(node: Node): Node[] {
  let count = 0;
  let isLinked = false;
  some(node, (inner) => {
    if (inner.kind === "plusMinus") {
      count += 1;
      isLinked ||= inner.sign === -1;
    }
    return false;
  });
  if (count === 0 || (!isLinked && count > maxSigns)) return [node];
  const numChoices = isLinked ? 2 : 2 ** count;
  return Array.from({ length: numChoices }, (_, choice) => {
    let index = 0;
    const resolve = (inner: Node): Node => {
      if (inner.kind !== "plusMinus") return mapChildren(inner, resolve);
      const bit = isLinked ? choice & 1 : (choice >> index) & 1;
      index += 1;
      const of = resolve(inner.of);
      return (bit === 0 ? 1 : -1) * inner.sign === 1 ? of : { kind: "negate", of };
    };
    return resolve(node);
  });
}

/** `\frac{1}{3}\begin{pmatrix}...`, `-(1,2)`, a transpose: the scaled matrix or tuple itself. */
function scaledVector(node: Node): Node | undefined {
  if (node.kind === "negate") return scaleBy({ kind: "negate", of: oneNode }, vectorOf(node.of));
  if (node.kind === "apply" && node.name === "transpose") return transposed(vectorOf(node.args[0] as Node));
  if (node.kind === "add") return sumOf(node.terms.map(vectorOf));
  if (node.kind === "divide") return scaleBy({ kind: "divide", top: oneNode, bottom: node.bottom }, vectorOf(node.top));
  if (node.kind !== "multiply") return undefined;
  const vectors = node.factors.filter((factor) => vectorOf(factor) !== undefined);
  if (vectors.length !== 1) return undefined;
  const scalars = node.factors.filter((factor) => factor !== vectors[0]);
  return scaleBy({ kind: "multiply", factors: scalars }, vectorOf(vectors[0] as Node));
}

const oneNode: Node = { kind: "number", value: { n: 1n, d: 1n }, decimals: 0, digits: "1" };

function vectorOf(node: Node): Node | undefined {
  const inner = unwrap(node);
  if (inner.kind === "matrix" || (inner.kind === "bracket" && inner.open === "(" && inner.items.length > 1))
    return inner;
  return scaledVector(inner);
}

function transposed(vector: Node | undefined): Node | undefined {
  if (vector?.kind !== "matrix") return vector;
  const [first = []] = vector.rows;
  return { kind: "matrix", rows: first.map((_, column) => vector.rows.map((row) => row[column] ?? oneNode)) };
}

/** Matrices or tuples of one form added entry by entry. */
function sumOf(vectors: (Node | undefined)[]): Node | undefined {
  const [first, ...others] = vectors;
  if (!first || others.some((other) => !other || other.kind !== first.kind)) return undefined;
  const entries = (vectors as Node[]).map(children);
  const length = entries[0]?.length;
  if (entries.some((list) => list.length !== length)) return undefined;
  let index = -1;
  return mapChildren(first, () => {
    index += 1;
    return { kind: "add", terms: entries.map((list) => list[index] as Node) };
  });
}

function scaleBy(factor: Node, vector: Node | undefined): Node | undefined {
  return vector && mapChildren(vector, (item) => ({ kind: "multiply", factors: [factor, item] }));
}
