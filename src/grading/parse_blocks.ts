/** Matrices and cases, sums, products, integrals and limits. */
import { type BigOperatorNode, mapChildren, type Node } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { maxItems } from "./limits.js";
import { parseRelation, parseSequence } from "./parse.js";
import { parseAtom } from "./parse_atom.js";
import { parseFactor, parseSum } from "./parse_expression.js";
import { NotMathematics } from "./tokenise.js";

const matrices = /^(?:[pbBvV]?matrix|smallmatrix|array|tabular)$/;

/** The body of `\begin{name}`. */
export function parseEnvironment(cursor: Cursor, name: string): Node {
  if (/^(?:array|tabular)$/.test(name)) skipColumns(cursor);
  const rows = cursor.nested(() => parseRows(cursor, name), true);
  if (name === "vmatrix") return determinant(rows);
  const [only] = rows[0] as Node[];
  // Commas in a single cell: a tuple in the brackets of a matrix.
  if (rows.length === 1 && rows[0]?.length === 1 && only?.kind === "list") {
    return { kind: "bracket", open: "(", close: ")", items: only.items };
  }
  if (matrices.test(name)) return { kind: "matrix", rows };
  if (/cases$/.test(name)) {
    const items = rows.map(
      (row): Node => (row.length === 1 ? (row[0] as Node) : { kind: "bracket", open: "(", close: ")", items: row }),
    );
    return items.length === 1 ? (items[0] as Node) : { kind: "list", items, separator: "," };
  }
  throw new NotMathematics(`unknown environment ${name}`);
}

const maxDeterminant = 4;

/** The determinant of a small square matrix as an expression, by the first row. */
export function determinant(rows: Node[][]): Node {
  const size = rows.length;
  if (size > maxDeterminant || rows.some((row) => row.length !== size)) throw new NotMathematics("no determinant");
  if (size === 1) return rows[0]?.[0] as Node;
  const terms = (rows[0] as Node[]).map((entry, column): Node => {
    const minor = rows.slice(1).map((row) => row.filter((_, index) => index !== column));
    const term: Node = { kind: "multiply", factors: [entry, determinant(minor)] };
    return column % 2 === 0 ? term : { kind: "negate", of: term };
  });
  return { kind: "add", terms };
}

function skipColumns(cursor: Cursor): void {
  if (!cursor.takeSign("{")) return;
  while (!cursor.takeSign("}")) cursor.next();
}

function parseRows(cursor: Cursor, name: string): Node[][] {
  cursor.cells += 1;
  const rows: Node[][] = [];
  let row: Node[] = [];
  for (;;) {
    if (cursor.takeCommand("hline")) continue;
    if (cursor.takeCommand(`end:${name}`)) break;
    if (cursor.takeCommand("\\", "cr")) {
      if (row.length > 0) rows.push(row);
      row = [];
    } else if (!cursor.takeSign("&")) {
      row.push(parseSequence(cursor));
      if (rows.length * row.length > maxItems) throw new NotMathematics("matrix too large");
    }
  }
  if (row.length > 0) rows.push(row);
  if (rows.length === 0) throw new NotMathematics("empty matrix");
  return rows;
}

const bigNames = { sum: "sum", prod: "product", int: "integral", lim: "limit" } as const;

/** `\sum_{n=1}^{N} body`, `\int_a^b body dx`, `\lim_{x \to a} body`. */
export function parseBigOperator(cursor: Cursor, command: keyof typeof bigNames): Node {
  return cursor.nested(() => {
    const node: BigOperatorNode = {
      kind: "bigOperator",
      name: bigNames[command],
      variable: undefined,
      lower: undefined,
      upper: undefined,
      body: { kind: "word", text: "" },
    };
    for (;;) {
      if (cursor.takeSign("_")) setLower(node, cursor.isSign("{") ? bracedRelation(cursor) : parseAtom(cursor));
      else if (cursor.takeSign("^")) node.upper = cursor.isSign("-") ? parseFactor(cursor) : parseAtom(cursor);
      else break;
    }
    if (command !== "int") {
      node.body = parseTerm(cursor);
      if (node.variable === "i") node.body = withIndex(node.body);
      return node;
    }
    cursor.integrals += 1;
    node.body = cursor.is("symbol", "d")
      ? { kind: "number", value: { n: 1n, d: 1n }, decimals: 0, digits: "1" }
      : parseSum(cursor);
    if (cursor.is("symbol", "d")) {
      cursor.position += 1;
      const variable = parseAtom(cursor);
      if (variable.kind === "symbol") node.variable = variable.name;
    }
    return node;
  });
}

/** In a sum over i the letter is the index, not the imaginary unit. */
function withIndex(node: Node): Node {
  if (node.kind === "constant" && node.name === "i") return { kind: "symbol", name: "i" };
  return mapChildren(node, withIndex);
}

/** The body of a sum: one product, so that `\sum a + b` adds b once. */
function parseTerm(cursor: Cursor): Node {
  let body = parseFactor(cursor);
  for (;;) {
    const before = cursor.position;
    if (cursor.isSign("+") || cursor.isSign("-") || cursor.atEnd) return body;
    const operator = cursor.takeCommand("cdot", "times") || cursor.takeSign("*");
    const isDivision = !operator && cursor.takeSign("/");
    if (!operator && !isDivision && !continues(cursor)) return body;
    const factor = parseFactor(cursor);
    body = isDivision ? { kind: "divide", top: body, bottom: factor } : { kind: "multiply", factors: [body, factor] };
    if (cursor.position === before) return body;
  }
}

function continues(cursor: Cursor): boolean {
  const token = cursor.peek();
  if (!token) return false;
  if (token.kind === "number" || token.kind === "symbol") return true;
  if (token.kind === "sign") return token.text === "(" || token.text === "{";
  return token.kind === "command" && /^(?:frac|sqrt|binom|left|sin|cos|ln|log|pi)$/.test(token.text);
}

function bracedRelation(cursor: Cursor): Node {
  cursor.expectSign("{");
  const inner = cursor.nested(() => parseRelation(cursor), true);
  cursor.expectSign("}");
  return inner;
}

function setLower(node: BigOperatorNode, lower: Node): void {
  if (lower.kind === "relation" && lower.operands.length === 2 && lower.operands[0]?.kind === "symbol") {
    node.variable = lower.operands[0].name;
    node.lower = lower.operands[1];
  } else if (lower.kind === "relation" && lower.operands[0]?.kind === "constant" && lower.operands[0].name === "i") {
    node.variable = "i";
    node.lower = lower.operands[1];
  } else node.lower = lower;
}
