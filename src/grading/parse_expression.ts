/** Sums, products, powers and postfixes. Words between operands are units or labels, never factors. */
import { children, type Node } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { maxChain } from "./limits.js";
import { numberNode, parseAtom, startsAtom } from "./parse_atom.js";
import { NotMathematics } from "./tokenise.js";

export function parseSum(cursor: Cursor): Node {
  return cursor.nested(() => {
    const terms: Node[] = [];
    let sign = takeAddition(cursor);
    for (;;) {
      const term = parseProduct(cursor);
      terms.push(sign === undefined || sign === "+" ? term : signed(sign, term));
      const isSet = terms.length === 1 && (term.kind === "namedSet" || (term.kind === "bracket" && term.open === "{"));
      if (isSet && (cursor.isSign("-") || cursor.isSign("\\"))) break;
      sign = takeAddition(cursor);
      if (sign === undefined) break;
    }
    return terms.length === 1 ? (terms[0] as Node) : { kind: "add", terms };
  });
}

type Addition = "+" | "-" | "pm" | "mp";

function takeAddition(cursor: Cursor): Addition | undefined {
  if (cursor.takeSign("+")) return cursor.takeSign("-") ? "-" : "+";
  if (cursor.isSign("-")) {
    cursor.position += 1;
    return cursor.takeSign("-") ? "+" : "-";
  }
  if (cursor.takeCommand("pm")) return "pm";
  if (cursor.takeCommand("mp")) return "mp";
  return undefined;
}

function signed(sign: Exclude<Addition, "+">, of: Node): Node {
  if (sign === "-") return { kind: "negate", of };
  return { kind: "plusMinus", sign: sign === "pm" ? 1 : -1, of };
}

function isWord(cursor: Cursor, offset = 0): boolean {
  const token = cursor.peek(offset);
  return token?.kind === "word" && token.text !== "and" && token.text !== "or";
}

/** Factors side by side or with operators; `/` binds like `\cdot`, from the left. */
function parseProduct(cursor: Cursor): Node {
  const label = takeWords(cursor);
  if (label !== undefined) {
    if (!startsOperand(cursor)) return { kind: "word", text: label };
    cursor.labels.push(label);
  }
  let left = parseFactor(cursor);
  let afterUnit = false;
  for (let numDivisions = 0; ; ) {
    if (cursor.takeSign("*") || cursor.takeCommand("cdot", "times", "ast", "star") || takeTimesLetter(cursor)) {
      left = times(left, parseFactor(cursor));
    } else if (cursor.isSign("/") || cursor.isCommand("div") || cursor.isCommand("slash")) {
      cursor.position += 1;
      numDivisions += 1;
      if (numDivisions > maxChain) throw new NotMathematics("too many divisions");
      left = { kind: "divide", top: left, bottom: parseFactor(cursor) };
    } else if (cursor.takeCommand("circ")) {
      left = { kind: "apply", name: "compose", args: [left, parseFactor(cursor)] };
    } else if (cursor.takeCommand("bmod")) {
      left = { kind: "apply", name: "mod", args: [left, parseFactor(cursor)] };
    } else if (isWord(cursor) && !startsRelation(cursor) && !cursor.is("word", "union")) {
      if (left.kind === "word") throw new NotMathematics("words around mathematics");
      left = takeUnit(cursor, left);
      afterUnit = true;
    } else if (startsAtom(cursor) && !startsDifferential(cursor) && !startsUnion(cursor, left)) {
      if (afterUnit) throw new NotMathematics("mathematics after a unit");
      if (cursor.peek()?.kind === "number" && endsWithNumber(left))
        throw new NotMathematics("two numbers side by side");
      left = times(left, parsePower(cursor));
    } else return left;
  }
}

function startsOperand(cursor: Cursor): boolean {
  return startsAtom(cursor) || cursor.isSign("-") || cursor.isSign("+") || cursor.isCommand("pm");
}

/** "is" and "equals" between two operands relate them. */
function startsRelation(cursor: Cursor): boolean {
  return /^(?:is|equals|equal|are)$/.test(cursor.peek()?.text ?? "");
}

function startsDifferential(cursor: Cursor): boolean {
  if (cursor.integrals === 0 || !cursor.is("symbol", "d")) return false;
  const after = cursor.peek(1);
  return after?.kind === "symbol" || (after?.kind === "command" && /^(?:theta|phi|rho|alpha|mu|tau)$/.test(after.text));
}

/** The letter U between two sets. */
function startsUnion(cursor: Cursor, left: Node): boolean {
  const isLetter = cursor.is("symbol", "U") || cursor.is("symbol", "u");
  return (
    isLetter && left.kind === "bracket" && (cursor.isSign("(", 1) || cursor.isSign("[", 1) || cursor.isCommand("{", 1))
  );
}

function endsWithNumber(node: Node): boolean {
  if (node.kind === "number") return true;
  return node.kind === "multiply" && node.factors.at(-1)?.kind === "number";
}

/** A product; a bracket that holds a condition or a word ("2n (n > 0)", "8 (eight)") is a remark, no factor. */
function times(left: Node, right: Node): Node {
  const [only, ...others] = right.kind === "bracket" && right.open === "(" ? right.items : [];
  if (only && others.length === 0 && (only.kind === "relation" || only.kind === "word")) return left;
  if (left.kind === "multiply") return { kind: "multiply", factors: [...left.factors, right] };
  return { kind: "multiply", factors: [left, right] };
}

/** `6.7 x 10^{-5}`: the letter between a number and a power of ten. */
function takeTimesLetter(cursor: Cursor): boolean {
  const isLetter = cursor.is("symbol", "x") || cursor.is("symbol", "X");
  if (!isLetter || cursor.peek(-1)?.kind !== "number" || !cursor.is("number", "10", 1) || !cursor.isSign("^", 2))
    return false;
  cursor.position += 1;
  return true;
}

/** Consecutive words as one text; undefined when there is none. */
function takeWords(cursor: Cursor): string | undefined {
  const words: string[] = [];
  while (isWord(cursor) && !(words.length > 0 && startsRelation(cursor) && startsOperandAfter(cursor))) {
    words.push(cursor.next().text);
    while (cursor.isSign("'") || cursor.isSign('"')) cursor.position += 1;
  }
  return words.length === 0 ? undefined : words.join(" ");
}

function startsOperandAfter(cursor: Cursor): boolean {
  const token = cursor.peek(1);
  return token !== undefined && token.kind !== "word";
}

const magnitudes: Record<string, number> = { thousand: 1e3, million: 1e6, billion: 1e9, trillion: 1e12 };

/** A unit after a quantity, with its power and its `/` part: `\text{ cm}^2`, `\text{ km}/\text{h}`. */
function takeUnit(cursor: Cursor, quantity: Node): Node {
  let isPercent = false;
  let value = quantity;
  while (isWord(cursor) && !startsRelation(cursor)) {
    const unit = cursor.next().text;
    isPercent ||= /^percent$/i.test(unit);
    const magnitude = magnitudes[unit.toLowerCase()];
    if (magnitude !== undefined) value = times(value, numberNode(magnitude));
    else cursor.units.push(unit);
    if (cursor.isSign("^")) {
      cursor.position += 1;
      parsePowerExponent(cursor);
    }
    if (cursor.isSign("/") && (isWord(cursor, 1) || cursor.peek(1)?.kind === "symbol")) {
      cursor.position += 1;
      if (!isWord(cursor)) cursor.units.push(cursor.next().text);
    }
    while (cursor.isSign(".") || cursor.isSign("-")) {
      if (cursor.isSign("-") && !isWord(cursor, 1)) break;
      cursor.position += 1;
    }
  }
  return isPercent ? { kind: "percent", of: value } : value;
}

/** A power with an optional sign before it. */
export function parseFactor(cursor: Cursor): Node {
  return cursor.nested(() => {
    if (cursor.takeSign("-")) return { kind: "negate", of: parseFactor(cursor) };
    if (cursor.takeSign("+")) return parseFactor(cursor);
    if (cursor.takeCommand("pm")) return { kind: "plusMinus", sign: 1, of: parseFactor(cursor) };
    if (cursor.takeCommand("mp")) return { kind: "plusMinus", sign: -1, of: parseFactor(cursor) };
    return parsePower(cursor);
  });
}

/** An atom and its postfixes. */
export function parsePower(cursor: Cursor): Node {
  return cursor.nested(() => {
    let node = parseAtom(cursor);
    for (let numPostfixes = 0; ; numPostfixes += 1) {
      if (numPostfixes > maxChain) throw new NotMathematics("too many postfixes");
      if (cursor.isSign("^")) {
        cursor.position += 1;
        node = raise(cursor, node);
      } else if (cursor.isSign("_")) {
        cursor.position += 1;
        node = subscripted(node, subscriptText(cursor));
      } else if (cursor.isSign("!") && !cursor.isSign("=", 1)) {
        cursor.position += 1;
        const isDouble = cursor.takeSign("!");
        node = { kind: "apply", name: isDouble ? "doubleFactorial" : "factorial", args: [node] };
      } else if (cursor.takeSign("%")) {
        node = { kind: "percent", of: node };
      } else if (cursor.takeSign("'") || cursor.takeCommand("prime")) {
        node =
          node.kind === "symbol"
            ? { kind: "symbol", name: `${node.name}'` }
            : { kind: "apply", name: "prime", args: [node] };
      } else if (cursor.takeCommand("degree", "textdegree")) {
        node = { kind: "degrees", of: node };
      } else return node;
    }
  });
}

function isCircle(cursor: Cursor, offset: number): boolean {
  return cursor.isCommand("circ", offset) || cursor.isCommand("degree", offset);
}

function raise(cursor: Cursor, base: Node): Node {
  const braced = cursor.isSign("{") && isCircle(cursor, 1) && cursor.isSign("}", 2);
  if (braced || isCircle(cursor, 0)) {
    cursor.position += braced ? 3 : 1;
    if (cursor.is("symbol", "C") || cursor.is("symbol", "F")) cursor.units.push(cursor.next().text);
    return { kind: "degrees", of: base };
  }
  if (cursor.takeCommand("prime") || cursor.takeSign("'")) return { kind: "apply", name: "prime", args: [base] };
  const isTransposed = cursor.is("symbol", "T") || cursor.isCommand("top") || cursor.isCommand("intercal");
  if (isTransposed && (base.kind === "matrix" || base.kind === "bracket")) {
    cursor.position += 1;
    return { kind: "apply", name: "transpose", args: [base] };
  }
  if (cursor.takeSign("*")) return { kind: "apply", name: "starred", args: [base] };
  return { kind: "power", base, exponent: parsePowerExponent(cursor) };
}

/** `^2`, `^{n+1}`, `^-3`, `^\frac12`; towers nest to the right. */
function parsePowerExponent(cursor: Cursor): Node {
  return cursor.nested(() => {
    if (cursor.takeSign("-")) return { kind: "negate", of: parsePowerExponent(cursor) };
    if (cursor.takeSign("+")) return parsePowerExponent(cursor);
    const exponent = parseAtom(cursor);
    if (!cursor.isSign("^") || cursor.isCommand("circ", 1)) return exponent;
    cursor.position += 1;
    return raise(cursor, exponent);
  });
}

/** The characters of a subscript, spaces and braces dropped. */
export function subscriptText(cursor: Cursor): string {
  if (!cursor.takeSign("{")) return cursor.next().text;
  let depth = 1;
  let text = "";
  for (;;) {
    const token = cursor.next();
    if (token.kind === "sign" && token.text === "{") depth += 1;
    if (token.kind === "sign" && token.text === "}") depth -= 1;
    if (depth === 0) return text;
    text += token.text;
  }
}

const baseWords = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

function subscripted(node: Node, subscript: string): Node {
  const inner = node.kind === "bracket" && node.items.length === 1 ? (node.items[0] as Node) : node;
  if (inner.kind === "number" && inner.decimals === 0) {
    const word = baseWords.indexOf(subscript.toLowerCase());
    return { kind: "based", digits: inner.digits, base: word >= 0 ? String(word + 2) : subscript };
  }
  if (node.kind === "symbol") return { kind: "symbol", name: `${node.name}_${subscript}` };
  if (node.kind === "constant") return { kind: "symbol", name: `${node.name}_${subscript}` };
  return { kind: "apply", name: `subscript ${subscript}`, args: [node] };
}

/** Whether any node is a word: text mixed into mathematics. */
export function hasWord(node: Node): boolean {
  return node.kind === "word" || children(node).some(hasWord);
}
