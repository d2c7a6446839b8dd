/**
 * What an answer parses to: expressions, and the structures answers have around them. Spans of words that are neither
 * units nor labels stay as `word`, so that `\text{east}` and a product of symbols go through one parser.
 */
import type { Rational } from "./rational.js";

export type Node =
  | NumberNode
  | { kind: "symbol"; name: string }
  | { kind: "constant"; name: "pi" | "e" | "i" | "infinity" }
  | { kind: "word"; text: string }
  | { kind: "add"; terms: Node[] }
  | { kind: "multiply"; factors: Node[] }
  | { kind: "divide"; top: Node; bottom: Node }
  | { kind: "negate"; of: Node }
  | { kind: "power"; base: Node; exponent: Node }
  /** `\pm` (sign 1) or `\mp` (sign -1) before `of`. */
  | { kind: "plusMinus"; sign: 1 | -1; of: Node }
  | { kind: "apply"; name: string; args: Node[] }
  | { kind: "percent"; of: Node }
  | { kind: "degrees"; of: Node }
  | { kind: "based"; digits: string; base: string }
  | BracketNode
  | { kind: "matrix"; rows: Node[][] }
  | { kind: "setOperation"; operator: SetOperator; left: Node; right: Node }
  | { kind: "namedSet"; name: string }
  | { kind: "such"; element: Node; condition: Node }
  | RelationNode
  | { kind: "list"; items: Node[]; separator: "," | ";" }
  | { kind: "ratio"; items: Node[] }
  | BigOperatorNode;

export type SetOperator = "union" | "intersection" | "difference";

export interface NumberNode {
  kind: "number";
  value: Rational;
  /** Digits after the point as written; 0 for an integer. */
  decimals: number;
  /** Digits as written, for numerals in another base. */
  digits: string;
}

export interface BracketNode {
  kind: "bracket";
  open: "(" | "[" | "{";
  close: ")" | "]" | "}";
  items: Node[];
}

export type RelationOperator =
  | "="
  | "!="
  | "<"
  | ">"
  | "<="
  | ">="
  | "~"
  | "in"
  | "notin"
  | "=>"
  | "mod"
  | "other"
  | `other ${string}`;

export interface RelationNode {
  kind: "relation";
  operands: Node[];
  /** operators[i] stands between operands[i] and operands[i + 1]. */
  operators: RelationOperator[];
}

export interface BigOperatorNode {
  kind: "bigOperator";
  name: "sum" | "product" | "integral" | "limit";
  variable: string | undefined;
  lower: Node | undefined;
  upper: Node | undefined;
  body: Node;
}

/** The nodes directly below a node. */
export function children(node: Node): Node[] {
  switch (node.kind) {
    case "add":
      return node.terms;
    case "multiply":
      return node.factors;
    case "divide":
      return [node.top, node.bottom];
    case "negate":
    case "plusMinus":
    case "percent":
    case "degrees":
      return [node.of];
    case "power":
      return [node.base, node.exponent];
    case "apply":
      return node.args;
    case "bracket":
    case "list":
    case "ratio":
      return node.items;
    case "matrix":
      return node.rows.flat();
    case "setOperation":
      return [node.left, node.right];
    case "such":
      return [node.element, node.condition];
    case "relation":
      return node.operands;
    case "bigOperator":
      return [node.lower, node.upper, node.body].filter((child) => child !== undefined);
    default:
      return [];
  }
}

/** A copy of the node with its direct children replaced. */
export function mapChildren(node: Node, change: (child: Node) => Node): Node {
  switch (node.kind) {
    case "add":
      return { ...node, terms: node.terms.map(change) };
    case "multiply":
      return { ...node, factors: node.factors.map(change) };
    case "divide":
      return { ...node, top: change(node.top), bottom: change(node.bottom) };
    case "negate":
    case "plusMinus":
    case "percent":
    case "degrees":
      return { ...node, of: change(node.of) };
    case "power":
      return { ...node, base: change(node.base), exponent: change(node.exponent) };
    case "apply":
      return { ...node, args: node.args.map(change) };
    case "bracket":
    case "list":
    case "ratio":
      return { ...node, items: node.items.map(change) };
    case "matrix":
      return { ...node, rows: node.rows.map((row) => row.map(change)) };
    case "setOperation":
      return { ...node, left: change(node.left), right: change(node.right) };
    case "such":
      return { ...node, element: change(node.element), condition: change(node.condition) };
    case "relation":
      return { ...node, operands: node.operands.map(change) };
    case "bigOperator":
      return {
        ...node,
        lower: node.lower && change(node.lower),
        upper: node.upper && change(node.upper),
        body: change(node.body),
      };
    default:
      return node;
  }
}

/** A copy with every free occurrence of the symbol replaced. */
export function substitute(node: Node, name: string, value: Node): Node {
  if (node.kind === "symbol" && node.name === name) return value;
  return mapChildren(node, (child) => substitute(child, name, value));
}

/** Whether the node or anything below it satisfies the test. */
export function some(node: Node, test: (node: Node) => boolean): boolean {
  return test(node) || children(node).some((child) => some(child, test));
}

/** The free symbols below a node, words among them. */
export function symbolsOf(node: Node, into = new Set<string>()): Set<string> {
  if (node.kind === "symbol") into.add(node.name);
  else if (node.kind === "word") into.add(node.text);
  else if (node.kind === "bigOperator") {
    const inner = symbolsOf(node.body);
    if (node.variable !== undefined) inner.delete(node.variable);
    for (const name of inner) into.add(name);
    if (node.lower) symbolsOf(node.lower, into);
    if (node.upper) symbolsOf(node.upper, into);
  } else for (const child of children(node)) symbolsOf(child, into);
  return into;
}
