/** Functions written before their argument: `\sin^2 x`, `\log_2 8`, `\gcd(12, 18)`. */
import type { Node } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { parseSequence } from "./parse.js";
import { parseArgument, parseAtom, startsAtom } from "./parse_atom.js";
import { determinant } from "./parse_blocks.js";
import { parseFactor, parsePower } from "./parse_expression.js";
import { functionNames } from "./vocabulary.js";

/** The function `name` whose name has just been read. */
export function parseFunction(cursor: Cursor, name: string): Node {
  let exponent: Node | undefined;
  let base: Node | undefined;
  for (;;) {
    if (cursor.isSign("^")) {
      cursor.position += 1;
      exponent = cursor.takeSign("-") ? { kind: "negate", of: parseAtom(cursor) } : parseAtom(cursor);
    } else if (cursor.isSign("_")) {
      cursor.position += 1;
      base = parseBase(cursor);
    } else break;
  }
  const args = parseFunctionArguments(cursor);
  if (name === "det" && args.length === 1 && args[0]?.kind === "matrix") return determinant(args[0].rows);
  if (base !== undefined && name === "log") args.push(base);
  const isInverse = exponent?.kind === "negate" && exponent.of.kind === "number" && exponent.of.digits === "1";
  if (isInverse && /^(?:sin|cos|tan|cot|sec|csc)$/.test(name)) return { kind: "apply", name: `arc${name}`, args };
  const call: Node = { kind: "apply", name, args };
  return exponent === undefined ? call : { kind: "power", base: call, exponent };
}

/** `\log_28` is the logarithm of 8 to base 2; `\log_10 x` has base 10. */
function parseBase(cursor: Cursor): Node {
  const after = cursor.peek(1);
  const argumentFollows = after !== undefined && after.kind !== "sign" && after.kind !== "word";
  const opens = after?.kind === "sign" && "({|[".includes(after.text);
  return cursor.peek()?.kind === "number" && !argumentFollows && !opens ? parseArgument(cursor) : parseAtom(cursor);
}

function parseFunctionArguments(cursor: Cursor): Node[] {
  if (cursor.isSign("(") || cursor.isSign("[")) {
    const group = parseAtom(cursor);
    const items = group.kind === "bracket" ? group.items : [group];
    // \sin (2x)^2 raises the argument; \ln(2)x multiplies the logarithm.
    if (!cursor.isSign("^") || items.length !== 1) return items;
    cursor.position += 1;
    return [{ kind: "power", base: items[0] as Node, exponent: parseAtom(cursor) }];
  }
  if (cursor.isSign("{")) {
    const group = cursor.nested(() => {
      cursor.position += 1;
      const inner = parseSequence(cursor);
      cursor.expectSign("}");
      return inner;
    }, true);
    return group.kind === "list" ? group.items : [group];
  }
  if (cursor.isSign("-")) return [parseFactor(cursor)];
  // Without brackets the argument is the run of factors up to the next function or operator.
  const factors = [parsePower(cursor)];
  for (;;) {
    if (!startsAtom(cursor) || cursor.isSign("(") || cursor.isSign("[") || cursor.isSign("|")) break;
    const token = cursor.peek();
    if (token?.kind === "number" || (token?.kind === "command" && functionNames.has(token.text))) break;
    if (cursor.integrals > 0 && cursor.is("symbol", "d")) break;
    factors.push(parsePower(cursor));
  }
  let argument: Node = factors.length === 1 ? (factors[0] as Node) : { kind: "multiply", factors };
  if (cursor.isSign("/") && (cursor.peek(1)?.kind === "number" || cursor.peek(1)?.kind === "symbol")) {
    cursor.position += 1;
    argument = { kind: "divide", top: argument, bottom: parsePower(cursor) };
  }
  return [argument];
}
