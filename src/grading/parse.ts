/**
 * The outer grammar of an answer, from the loosest to the tightest: lists, relations, set operations, ratios.
 * Expressions are in `parse_expression.ts`.
 */
import type { Node, RelationOperator, SetOperator } from "./ast.js";
import { Cursor } from "./cursor.js";
import { maxAnswerLength, maxItems } from "./limits.js";
import { parseSum } from "./parse_expression.js";
import { type CommaReading, NotMathematics, tokenise } from "./tokenise.js";

export interface Parsed {
  node: Node;
  /** Words after quantities, in order. */
  units: string[];
  /** Words before the mathematics. */
  labels: string[];
}

/**
 * Parses a normalised answer.
 * @throws NotMathematics when it is not one (internal to the grading layer)
 */
export function parse(text: string, commas: CommaReading): Parsed {
  if (text.length > maxAnswerLength) throw new NotMathematics("too long");
  const cursor = new Cursor(tokenise(text, commas));
  const node = parseSequence(cursor);
  if (!cursor.atEnd) throw new NotMathematics(`unexpected ${cursor.peek()?.text}`);
  return { node, units: cursor.units, labels: cursor.labels };
}

function isConnective(cursor: Cursor): boolean {
  const token = cursor.peek();
  if (!token) return false;
  if (token.kind === "word") return token.text === "and" || token.text === "or";
  return token.kind === "command" && (token.text === "land" || token.text === "lor" || token.text === "wedge");
}

/** One separator: `,`, `and`, `, and`, a new row. */
function takeSeparator(cursor: Cursor): boolean {
  let found = false;
  for (;;) {
    if (
      cursor.isSign(",") ||
      isConnective(cursor) ||
      (cursor.cells === 0 && (cursor.isCommand("\\") || cursor.isSign("&")))
    ) {
      cursor.position += 1;
      found = true;
    } else return found;
  }
}

/** The end of a matrix cell: a separator before it separates nothing. */
function endsCell(cursor: Cursor): boolean {
  if (cursor.cells === 0) return false;
  const token = cursor.peek();
  return cursor.isSign("&") || (token?.kind === "command" && (token.text === "\\" || token.text.startsWith("end:")));
}

/** Items separated by `;`, each of them items separated by `,`, `and`, `or`. */
export function parseSequence(cursor: Cursor): Node {
  return cursor.nested(() => {
    const groups: Node[] = [];
    for (;;) {
      const items: Node[] = [];
      takeSeparator(cursor);
      do {
        if (cursor.atEnd || cursor.isSign(";") || endsCell(cursor)) break;
        items.push(parseRelation(cursor));
        if (items.length > maxItems) throw new NotMathematics("too many items");
      } while (takeSeparator(cursor));
      if (items.length > 0)
        groups.push(items.length === 1 ? (items[0] as Node) : { kind: "list", items, separator: "," });
      if (!cursor.takeSign(";")) break;
    }
    if (groups.length === 0) throw new NotMathematics("nothing there");
    return groups.length === 1 ? (groups[0] as Node) : { kind: "list", items: groups, separator: ";" };
  });
}

/** Relations by their sign. */
export const signRelations: Record<string, RelationOperator> = {
  "=": "=",
  "==": "=",
  "<": "<",
  ">": ">",
  "<=": "<=",
  ">=": ">=",
  "!=": "!=",
  "<>": "!=",
  "=>": "=>",
  "->": "=>",
};

/** Relations by their command. */
export const commandRelations: Record<string, RelationOperator> = {
  lt: "<",
  gt: ">",
  le: "<=",
  leq: "<=",
  leqslant: "<=",
  leqq: "<=",
  ge: ">=",
  geq: ">=",
  geqslant: ">=",
  geqq: ">=",
  ne: "!=",
  neq: "!=",
  approx: "~",
  approxeq: "~",
  simeq: "~",
  doteq: "~",
  cong: "~",
  in: "in",
  notin: "notin",
  implies: "=>",
  Rightarrow: "=>",
  Longrightarrow: "=>",
  iff: "=>",
  Leftrightarrow: "=>",
  Longleftrightarrow: "=>",
  to: "=>",
  rightarrow: "=>",
  longrightarrow: "=>",
  equiv: "mod",
  sim: "other sim",
  propto: "other propto",
  subset: "other subset",
  subseteq: "other subseteq",
  supset: "other supset",
  supseteq: "other supseteq",
  perp: "other perp",
  parallel: "other parallel",
  mapsto: "other mapsto",
  ll: "other ll",
  gg: "other gg",
};

function takeRelation(cursor: Cursor): RelationOperator | undefined {
  const token = cursor.peek();
  if (!token) return undefined;
  let found: RelationOperator | undefined;
  let width = 1;
  if (token.kind === "sign") {
    found = token.text === ">" && cursor.angles > 0 ? undefined : signRelations[token.text];
    if (found === "=" && cursor.isSign("<", 1)) return undefined;
  } else if (token.kind === "command") {
    found = commandRelations[token.text];
    if (token.text === "not") {
      width = 2;
      found = cursor.isSign("=", 1) ? "!=" : cursor.isCommand("in", 1) ? "notin" : undefined;
    }
  } else if (token.kind === "word" && cursor.position > 0 && /^(?:is|equals|equal|are)$/.test(token.text)) {
    found = "=";
    if (cursor.is("word", "to", 1)) width = 2;
  }
  if (found !== undefined) cursor.position += width;
  return found;
}

export function parseRelation(cursor: Cursor): Node {
  return cursor.nested(() => {
    // "= 5" and "\approx 5": the left side was said before.
    while (
      cursor.isSign("=") ||
      cursor.isCommand("approx") ||
      cursor.isCommand("implies") ||
      cursor.isCommand("Rightarrow")
    ) {
      cursor.position += 1;
    }
    const operands = [parseSet(cursor)];
    const operators: RelationOperator[] = [];
    for (let found = takeRelation(cursor); found !== undefined; found = takeRelation(cursor)) {
      if (found === "=" && takeRelation(cursor) === "=>") found = "=>";
      operators.push(found);
      operands.push(takeModulus(cursor, parseSet(cursor)));
    }
    operands[0] = operators.length === 0 ? takeModulus(cursor, operands[0] as Node) : (operands[0] as Node);
    return operators.length === 0 ? (operands[0] as Node) : { kind: "relation", operands, operators };
  });
}

/** `\pmod{n}`, `(\bmod n)`: kept beside the value. */
function takeModulus(cursor: Cursor, value: Node): Node {
  if (!cursor.takeCommand("pmod", "pod", "mod")) return value;
  return { kind: "apply", name: "pmod", args: [value, parseSum(cursor)] };
}

const setOperators: Record<string, SetOperator> = {
  cup: "union",
  bigcup: "union",
  union: "union",
  U: "union",
  u: "union",
  cap: "intersection",
  intersection: "intersection",
  setminus: "difference",
  backslash: "difference",
  smallsetminus: "difference",
  "-": "difference",
};

function takeSetOperator(cursor: Cursor, left: Node): SetOperator | undefined {
  const token = cursor.peek();
  const operator = token && Object.hasOwn(setOperators, token.text) ? setOperators[token.text] : undefined;
  if (!token || !operator) return undefined;
  const isSet = left.kind === "bracket" || left.kind === "namedSet" || left.kind === "setOperation";
  const next = cursor.peek(1)?.text ?? "";
  const opens = "([{".includes(next) && next !== "";
  if (token.kind !== "command" && !(isSet && opens)) return undefined;
  cursor.position += 1;
  return operator;
}

function parseSet(cursor: Cursor): Node {
  let left = parseRatio(cursor);
  for (let operator = takeSetOperator(cursor, left); operator; operator = takeSetOperator(cursor, left)) {
    left = { kind: "setOperation", operator, left, right: parseRatio(cursor) };
  }
  return left;
}

/** `3:4:5`, or a label and what it labels: `Area: 5`. */
function parseRatio(cursor: Cursor): Node {
  let first = parseSum(cursor);
  while (first.kind === "word" && cursor.isSign(":")) {
    cursor.position += 1;
    cursor.labels.push(first.text);
    first = parseSum(cursor);
  }
  if (!cursor.isSign(":") && !cursor.isCommand("colon")) return first;
  const items = [first];
  while (cursor.takeSign(":") || cursor.takeCommand("colon")) items.push(parseSum(cursor));
  return { kind: "ratio", items };
}
