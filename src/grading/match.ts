/** Structure against structure: which rule decides for a pair of parsed answers, and what it says. */
import { type BracketNode, type Node, symbolsOf } from "./ast.js";
import { sameEquation, sameInequality } from "./compare_relation.js";
import { compareScalars, type Verdict } from "./compare_scalar.js";
import { sameText } from "./compare_text.js";
import { compareValues } from "./compare_value.js";
import type { ResolvedOptions } from "./options.js";
import { type Region, regionOf } from "./region.js";
import { alternatives, type Shape, shapeOf } from "./shape.js";

/** Compares two parsed answers, each in all its readings. */
export function match(a: Node, b: Node, options: ResolvedOptions): Verdict {
  let verdict: Verdict | undefined;
  for (const left of alternatives(a)) {
    for (const right of alternatives(b)) {
      const found = matchShapes(shapeOf(left), shapeOf(right), options);
      if (found.correct) return found;
      verdict ??= found;
    }
  }
  return verdict ?? { correct: false, method: "structure" };
}

const rank: Shape["shape"][] = ["text", "named", "many", "region", "equation", "matrix", "tuple", "scalar"];

/** Dispatches on the pair of shapes; the shape that comes first in `rank` goes left, so that order does not matter. */
function matchShapes(a: Shape, b: Shape, options: ResolvedOptions): Verdict {
  if (rank.indexOf(a.shape) > rank.indexOf(b.shape)) return matchShapes(b, a, options);
  switch (a.shape) {
    case "text":
      return matchText(a.text, b, options);
    case "named":
      return matchNamed(a, b, options);
    case "many":
      return matchMany(a, b, options);
    case "region":
      return matchRegion(a.node, b, options);
    case "equation":
      return { correct: b.shape === "equation" && sameEquation(a, b), method: "equation" };
    case "matrix":
      return matchMatrix(a.rows, b, options);
    case "tuple":
      return b.shape === "tuple" ? matchTuples(a.bracket, b.bracket, options) : { correct: false, method: "tuple" };
    case "scalar":
      return b.shape === "scalar" ? compareValues(a.node, b.node, options) : { correct: false, method: "structure" };
  }
}

/** Sets that answers name in words. */
function setOfWords(text: string): Node | undefined {
  if (/^(?:all|any|every|the)?\s*reals?(?: numbers?)?$/i.test(text)) return { kind: "namedSet", name: "R" };
  if (/^(?:the )?empty set$|^no (?:real )?solutions?(?: exists?)?$/i.test(text))
    return { kind: "namedSet", name: "empty" };
  return undefined;
}

function matchText(text: string, b: Shape, options: ResolvedOptions): Verdict {
  const named = b.shape === "text" ? undefined : setOfWords(text);
  if (named) return match(named, nodeOf(b), options);
  if (b.shape === "text") return { correct: sameText(text, b.text), method: "text" };
  if (b.shape === "named") return matchText(text, shapeOf(b.value), options);
  if (b.shape === "many" && b.items.length === 1) return matchText(text, shapeOf(b.items[0] as Node), options);
  if (b.shape === "scalar") return compareValues({ kind: "word", text }, b.node, options);
  return { correct: false, method: "text" };
}

type Named = Extract<Shape, { shape: "named" }>;
const coordinate = /^[xyzXYZ]$/;

function matchNamed(a: Named, b: Shape, options: ResolvedOptions): Verdict {
  if (b.shape === "equation")
    return { correct: equationOf(a) !== undefined && sameEquation(equationOf(a) as never, b), method: "equation" };
  // A point is no interval, though both are written (1, 2).
  if (b.shape === "region" && /,|vec|arrow/.test(a.name)) return { correct: false, method: "tuple" };
  if (b.shape !== "named") return match(a.value, nodeOf(b), options);
  if (a.name !== b.name && coordinate.test(a.name) && coordinate.test(b.name)) {
    const [left, right] = [equationOf(a), equationOf(b)];
    return { correct: left !== undefined && right !== undefined && sameEquation(left, right), method: "equation" };
  }
  return match(a.value, b.value, options);
}

function equationOf(named: Named): { left: Node; right: Node } | undefined {
  const { node } = named;
  if (node.kind !== "relation") return undefined;
  return { left: node.operands[0] as Node, right: node.operands.at(-1) as Node };
}

/** A node whose shape is the given one again. */
function nodeOf(shape: Shape): Node {
  switch (shape.shape) {
    case "scalar":
    case "region":
    case "named":
      return shape.node;
    case "many":
      return shape.braces
        ? { kind: "bracket", open: "{", close: "}", items: shape.items }
        : { kind: "list", items: shape.items, separator: "," };
    case "tuple":
      return shape.bracket;
    case "matrix":
      return { kind: "matrix", rows: shape.rows };
    case "equation":
      return { kind: "relation", operands: [shape.left, shape.right], operators: ["="] };
    case "text":
      return { kind: "word", text: shape.text };
  }
}

type Many = Extract<Shape, { shape: "many" }>;

function matchMany(a: Many, b: Shape, options: ResolvedOptions): Verdict {
  const method = a.braces || (b.shape === "many" && b.braces) ? "set" : "list";
  switch (b.shape) {
    case "many": {
      const [left, right] = [systemOf(a), systemOf(b)];
      if (left && right) return matchSystems(left, right, options);
      if (left || right) {
        if (a.oneName || b.oneName) return { correct: false, method: "system" };
        const values = (left ?? right) as Map<string, Node>;
        const others = left ? b.items : a.items;
        return matchOrdered([...values.values()], others, "system", options);
      }
      const asRegions = matchRegions(nodeOf(a), nodeOf(b), options);
      if (asRegions?.correct) return asRegions;
      return { correct: matchUnordered(a.items, b.items, options), method };
    }
    case "tuple": {
      if (a.oneName && a.items.length > 1) return { correct: false, method };
      const [only] = a.items;
      if (a.items.length === 1 && only?.kind === "bracket") return match(only, b.bracket, options);
      if (isInterval(b.bracket))
        return matchRegions(nodeOf(a), b.bracket, options) ?? { correct: false, method: "interval" };
      const system = systemOf(a);
      if (system) return matchOrdered([...system.values()], b.bracket.items, "system", options);
      const asRegions = hasRegions(a) ? matchRegions(nodeOf(a), b.bracket, options) : undefined;
      if (asRegions?.correct) return asRegions;
      if (options.strict) return { correct: false, method };
      return matchOrdered(a.items, b.bracket.items, method, options);
    }
    case "region":
      return matchRegions(nodeOf(a), b.node, options) ?? { correct: false, method: "interval" };
    case "matrix": {
      const isVector = !a.braces && !a.oneName && a.items.every((item) => item.kind !== "bracket");
      if (options.strict || !isVector) return { correct: false, method: "matrix" };
      return matchMatrix(b.rows, { shape: "tuple", bracket: round(a.items) }, options);
    }
    default: {
      const distinct = withoutRepeats(a.items, options);
      if (distinct.length === 1) return match(distinct[0] as Node, nodeOf(b), options);
      return { correct: false, method };
    }
  }
}

function hasRegions(many: Many): boolean {
  return many.items.some((item) => shapeOf(item).shape === "region");
}

function round(items: Node[]): BracketNode {
  return { kind: "bracket", open: "(", close: ")", items };
}

/** `x = 1, y = 2` as values by name, names in order; undefined when an item has no name or two have the same. */
function systemOf(many: Many): Map<string, Node> | undefined {
  const pairs: [string, Node][] = [];
  for (const item of many.items) {
    const shape = shapeOf(item);
    if (shape.shape !== "named") return undefined;
    pairs.push([shape.name, shape.value]);
  }
  const sorted = new Map(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted.size === pairs.length && pairs.length > 1 ? sorted : undefined;
}

function matchSystems(a: Map<string, Node>, b: Map<string, Node>, options: ResolvedOptions): Verdict {
  return {
    correct:
      a.size === b.size &&
      [...a].every(([name, value]) => {
        const other = b.get(name);
        return other !== undefined && match(value, other, options).correct;
      }),
    method: "system",
  };
}

function matchOrdered(a: Node[], b: Node[], method: string, options: ResolvedOptions): Verdict {
  const isEqual = a.length === b.length && a.every((item, index) => match(item, b[index] as Node, options).correct);
  return { correct: isEqual, method };
}

function withoutRepeats(items: Node[], options: ResolvedOptions): Node[] {
  const kept: Node[] = [];
  for (const item of items) if (!kept.some((other) => match(item, other, options).correct)) kept.push(item);
  return kept;
}

/** Every item has a partner, repeats aside. */
function matchUnordered(a: Node[], b: Node[], options: ResolvedOptions): boolean {
  const left = withoutRepeats(a, options);
  const right = withoutRepeats(b, options);
  if (left.length !== right.length) return false;
  const used = new Set<number>();
  return left.every((item) => {
    const found = right.findIndex((other, index) => !used.has(index) && match(item, other, options).correct);
    if (found < 0) return false;
    used.add(found);
    return true;
  });
}

/** Brackets that only an interval has. */
function isInterval(bracket: BracketNode): boolean {
  if (bracket.items.length !== 2) return false;
  if (bracket.open === "[" || bracket.close === "]")
    return bracket.open !== "[" || bracket.close !== "]" || regionOf(bracket) !== undefined;
  return bracket.items.some(
    (item) =>
      compareScalars(item, infinite, 99).correct || compareScalars({ kind: "negate", of: item }, infinite, 99).correct,
  );
}

const infinite: Node = { kind: "constant", name: "infinity" };

function matchTuples(a: BracketNode, b: BracketNode, options: ResolvedOptions): Verdict {
  if (a.items.length === 2 && (isInterval(a) || isInterval(b))) {
    const isEqual =
      a.open === b.open && a.close === b.close && matchOrdered(a.items, b.items, "interval", options).correct;
    return { correct: isEqual || matchRegions(a, b, options)?.correct === true, method: "interval" };
  }
  return matchOrdered(a.items, b.items, "tuple", options);
}

function matchRegion(a: Node, b: Shape, options: ResolvedOptions): Verdict {
  const node = nodeOf(b);
  const regions = matchRegions(a, node, options);
  if (regions) return regions;
  if (b.shape !== "region") return { correct: false, method: "interval" };
  if (a.kind === "relation" && node.kind === "relation")
    return { correct: sameInequality(a, node), method: "inequality" };
  if (a.kind === "such" && node.kind === "such") {
    const sameElement = match(a.element, node.element, options).correct;
    return sameElement ? match(a.condition, node.condition, options) : { correct: false, method: "set" };
  }
  if (a.kind === "such" || node.kind === "such") {
    const [builder, other] = a.kind === "such" ? [a, node] : [node, a];
    return builder.kind === "such" ? match(builder.condition, other, options) : { correct: false, method: "set" };
  }
  if (a.kind === "namedSet" && node.kind === "namedSet") return { correct: a.name === node.name, method: "set" };
  if (a.kind === "setOperation" && node.kind === "setOperation" && a.operator === node.operator) {
    if (a.operator === "difference") return matchOrdered([a.left, a.right], [node.left, node.right], "set", options);
    return { correct: matchUnordered(operands(a), operands(node), options), method: "set" };
  }
  return { correct: false, method: "structure" };
}

function operands(node: Node): Node[] {
  return node.kind === "setOperation" && node.operator !== "difference"
    ? [...operands(node.left), ...operands(node.right)]
    : [node];
}

/** As sets of reals; undefined when one of them is none. */
function matchRegions(a: Node, b: Node, options: ResolvedOptions): Verdict | undefined {
  const [left, right] = [regionOf(a), regionOf(b)];
  if (!left || !right) return undefined;
  const [namesA, namesB] = [symbolsOf(a), symbolsOf(b)];
  // x > 3 and y > 3 are different answers; an interval names no symbol.
  const isBound = a.kind === "such" || b.kind === "such";
  const sameNames = isBound || namesA.size === 0 || namesB.size === 0 || [...namesA].every((name) => namesB.has(name));
  if (!sameNames) return { correct: false, method: "interval" };
  return { correct: sameRegion(left, right, options), method: "interval" };
}

function sameRegion(a: Region, b: Region, options: ResolvedOptions): boolean {
  const sameEnd = (x: Region[number]["low"], y: Region[number]["low"]): boolean =>
    x.closed === y.closed && compareScalars(x.node, y.node, options.roundingDecimals).correct;
  return (
    a.length === b.length &&
    a.every((part, index) => {
      const other = b[index] as Region[number];
      return sameEnd(part.low, other.low) && sameEnd(part.high, other.high);
    })
  );
}

function matchMatrix(rows: Node[][], b: Shape, options: ResolvedOptions): Verdict {
  const other =
    b.shape === "matrix" ? b.rows : b.shape === "tuple" && !options.strict ? rowsOf(b.bracket, rows) : undefined;
  if (!other) {
    const only = rows.length === 1 && rows[0]?.length === 1 ? rows[0][0] : undefined;
    return only && b.shape === "scalar" ? match(only, b.node, options) : { correct: false, method: "matrix" };
  }
  const isEqual =
    rows.length === other.length &&
    rows.every((row, index) => matchOrdered(row, other[index] as Node[], "matrix", options).correct);
  return { correct: isEqual, method: "matrix" };
}

/** A tuple as a matrix of the given form: nested tuples as rows, else one column or one row. */
function rowsOf(bracket: BracketNode, form: Node[][]): Node[][] | undefined {
  if ((bracket.open === "(") !== (bracket.close === ")")) return undefined;
  if (
    bracket.items.length > 0 &&
    bracket.items.every((item) => item.kind === "bracket" && item.open !== "{" && item.items.length > 1)
  ) {
    return bracket.items.map((item) => (item as BracketNode).items);
  }
  return form.length === 1 ? [bracket.items] : bracket.items.map((item) => [item]);
}
