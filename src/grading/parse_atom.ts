/** Atoms: numbers, symbols, groups, bars, and the commands that take arguments. */
import type { BracketNode, Node } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { commandRelations, parseSequence, signRelations } from "./parse.js";
import { parseBigOperator, parseEnvironment } from "./parse_blocks.js";
import { parseFunction } from "./parse_function.js";
import { integer, parseDecimal, rational } from "./rational.js";
import { NotMathematics } from "./tokenise.js";
import { functionNames, letterNames } from "./vocabulary.js";

/** Commands that end or separate operands; every other command starts one. */
const notAtoms = new Set(
  (
    "cdot times ast star div slash bmod pmod pod mod pm mp circ degree textdegree prime cup cap bigcup setminus backslash " +
    "smallsetminus lt gt le leq leqslant leqq ge geq geqslant geqq ne neq approx approxeq simeq doteq cong in notin implies " +
    "Rightarrow Longrightarrow iff Leftrightarrow Longleftrightarrow to rightarrow longrightarrow equiv sim propto subset " +
    "subseteq supset supseteq perp parallel mapsto ll gg not land lor wedge vee mid colon rfloor rceil rangle rvert rVert " +
    "} \\ over choose atop"
  ).split(" "),
);

export function startsAtom(cursor: Cursor): boolean {
  const token = cursor.peek();
  if (!token) return false;
  switch (token.kind) {
    case "number":
    case "symbol":
      return true;
    case "word":
      return false;
    case "sign":
      if (token.text === "|") return cursor.bars === 0;
      return token.text === "(" || token.text === "[" || token.text === "{";
    case "command":
      if (token.text === "|" || token.text === "vert" || token.text === "Vert") return cursor.bars === 0;
      return !notAtoms.has(token.text) && !token.text.startsWith("end:");
  }
}

export function parseAtom(cursor: Cursor): Node {
  return cursor.nested(() => {
    const token = cursor.next();
    switch (token.kind) {
      case "number":
        return parseNumber(cursor, token.text, token.decimals);
      case "symbol":
        return symbolNode(token.text, token.marked === true);
      case "word":
        return { kind: "word", text: token.text };
      case "sign":
        return parseSignAtom(cursor, token.text);
      case "command":
        return parseCommandAtom(cursor, token.text);
    }
  });
}

function symbolNode(name: string, marked: boolean): Node {
  if (!marked && (name === "e" || name === "i")) return { kind: "constant", name };
  return { kind: "symbol", name };
}

function integerAt(cursor: Cursor, offset: number): bigint | undefined {
  const token = cursor.peek(offset);
  return token?.kind === "number" && token.decimals === 0 && token.value.d === 1n ? token.value.n : undefined;
}

/** A number, or a mixed number: `1\frac{4}{5}`, `1 4/5`. */
function parseNumber(cursor: Cursor, text: string, decimals: number): Node {
  const token = cursor.peek(-1);
  const value = token?.kind === "number" ? token.value : integer(0);
  const node: Node = { kind: "number", value, decimals, digits: text };
  if (decimals > 0 || value.d !== 1n) return node;
  let part: { top: bigint; bottom: bigint; width: number } | undefined;
  if (cursor.isCommand("frac")) part = mixedFraction(cursor);
  else if (cursor.peek()?.space && cursor.isSign("/", 1)) {
    const [top, bottom] = [integerAt(cursor, 0), integerAt(cursor, 2)];
    if (top !== undefined && bottom !== undefined) part = { top, bottom, width: 3 };
  }
  if (!part || part.top <= 0n || part.top >= part.bottom) return node;
  const mixed = rational(value.n * part.bottom + part.top, part.bottom);
  if (!mixed) return node;
  cursor.position += part.width;
  return { kind: "number", value: mixed, decimals: 0, digits: text };
}

/** The digits of a `\frac` made of plain integers, read without parsing it. */
function mixedFraction(cursor: Cursor): { top: bigint; bottom: bigint; width: number } | undefined {
  const braced = (offset: number): bigint | undefined =>
    cursor.isSign("{", offset) && cursor.isSign("}", offset + 2) ? integerAt(cursor, offset + 1) : undefined;
  const bare = cursor.peek(1);
  if (bare?.kind === "number" && /^\d{2}$/.test(bare.text)) {
    return { top: BigInt(bare.text[0] as string), bottom: BigInt(bare.text[1] as string), width: 2 };
  }
  if (bare?.kind === "number" && /^\d$/.test(bare.text)) {
    const bottom = braced(2);
    return bottom === undefined ? undefined : { top: BigInt(bare.text), bottom, width: 5 };
  }
  const top = braced(1);
  const bottom = top === undefined ? undefined : braced(4);
  if (top === undefined) return undefined;
  if (bottom !== undefined) return { top, bottom, width: 7 };
  const last = cursor.peek(4);
  return last?.kind === "number" && /^\d$/.test(last.text) ? { top, bottom: BigInt(last.text), width: 5 } : undefined;
}

const closers: Record<string, string[]> = { "(": [")", "]"], "[": ["]", ")"], "]": ["[", "]"] };

function parseSignAtom(cursor: Cursor, sign: string): Node {
  switch (sign) {
    case "(":
    case "[":
      return parseBracket(cursor, sign);
    case "]":
      // ]0, 1[ is the open interval of half the world.
      return parseBracket(cursor, sign);
    case "{":
      return parseBraces(cursor);
    case "|":
      return parseBars(cursor, () => cursor.takeSign("|"));
    case "<":
      return parseAngles(cursor, () => cursor.takeSign(">"));
    default:
      throw new NotMathematics(`unexpected ${sign}`);
  }
}

function itemsOf(node: Node): Node[] {
  return node.kind === "list" && node.separator === "," ? node.items : [node];
}

function parseBracket(cursor: Cursor, open: "(" | "[" | "]"): Node {
  return cursor.nested(() => {
    const closing = closers[open] as string[];
    if (cursor.takeSign(open === "[" ? "]" : ")"))
      return { kind: "bracket", open: open === "[" ? "[" : "(", close: ")", items: [] };
    const inner = parseSequence(cursor);
    const close = cursor.next();
    const isFlipped = open !== "]" && close.kind === "sign" && close.text === "[";
    if (close.kind !== "sign" || !(closing.includes(close.text) || isFlipped))
      throw new NotMathematics("bracket left open");
    return {
      kind: "bracket",
      open: open === "[" ? "[" : "(",
      close: close.text === "[" ? ")" : (close.text as BracketNode["close"]),
      items: inner.kind === "list" && inner.separator === ";" ? inner.items : itemsOf(inner),
    };
  }, true);
}

/** `{...}`: grouping; with several items a carelessly written set. */
function parseBraces(cursor: Cursor): Node {
  return cursor.nested(() => {
    if (cursor.takeSign("}")) return startsAtom(cursor) ? parseAtom(cursor) : { kind: "namedSet", name: "empty" };
    const inner = parseSequence(cursor);
    if (cursor.takeCommand("over")) {
      const bottom = parseSequence(cursor);
      cursor.expectSign("}");
      return { kind: "divide", top: inner, bottom };
    }
    if (cursor.takeCommand("choose")) {
      const bottom = parseSequence(cursor);
      cursor.expectSign("}");
      return { kind: "apply", name: "binomial", args: [inner, bottom] };
    }
    cursor.expectSign("}");
    if (inner.kind === "list") return { kind: "bracket", open: "{", close: "}", items: itemsOf(inner) };
    return inner;
  }, true);
}

function parseBars(cursor: Cursor, takeClose: () => boolean): Node {
  return cursor.nested(() => {
    cursor.bars += 1;
    const inner = parseSequence(cursor);
    if (!takeClose()) throw new NotMathematics("bar left open");
    return { kind: "apply", name: "abs", args: [inner] };
  });
}

function parseAngles(cursor: Cursor, takeClose: () => boolean): Node {
  return cursor.nested(() => {
    cursor.angles += 1;
    const inner = parseSequence(cursor);
    if (!takeClose()) throw new NotMathematics("angle bracket left open");
    return { kind: "bracket", open: "(", close: ")", items: itemsOf(inner) };
  });
}

/** `\{...\}`: a set, given by its elements or by a condition. */
function parseSetBraces(cursor: Cursor): Node {
  return cursor.nested(() => {
    if (cursor.takeCommand("}")) return { kind: "namedSet", name: "empty" };
    const separator = findSuchThat(cursor);
    if (separator !== undefined) {
      const outer = cursor.stop;
      cursor.stop = separator;
      const element = parseSequence(cursor);
      if (!cursor.atEnd) throw new NotMathematics("set without an element");
      cursor.stop = outer;
      cursor.position += 1;
      const condition = parseSequence(cursor);
      if (!cursor.takeCommand("}")) throw new NotMathematics("set left open");
      return { kind: "such", element, condition };
    }
    const inner = parseSequence(cursor);
    if (!cursor.takeCommand("}")) throw new NotMathematics("set left open");
    return { kind: "bracket", open: "{", close: "}", items: itemsOf(inner) };
  }, true);
}

/** The index of the `|`, `\mid` or `:` that divides a set-builder; a relation follows it. */
function findSuchThat(cursor: Cursor): number | undefined {
  let depth = 0;
  let found: number | undefined;
  for (let offset = 0; ; offset += 1) {
    const token = cursor.peek(offset);
    if (!token) return undefined;
    const { text } = token;
    if (token.kind !== "sign" && token.kind !== "command") continue;
    if (text === "(" || text === "[" || text === "{") depth += 1;
    else if (text === ")" || text === "]" || text === "}") {
      depth -= 1;
      if (depth < 0) return undefined;
    } else if (depth > 0) continue;
    else if (found !== undefined && (signRelations[text] ?? commandRelations[text]) !== undefined) return found;
    else if (offset > 0 && (text === "|" || text === "mid" || text === ":" || text === "colon")) {
      found ??= cursor.position + offset;
    } else if (offset === 0 && text === "|") return undefined;
  }
}

function parseCommandAtom(cursor: Cursor, name: string): Node {
  if (name.startsWith("begin:")) return parseEnvironment(cursor, name.slice(6));
  if (functionNames.has(name)) return parseFunction(cursor, functionNames.get(name) as string);
  switch (name) {
    case "frac":
      return { kind: "divide", top: parseArgument(cursor), bottom: parseArgument(cursor) };
    case "sqrt":
      return parseRoot(cursor);
    case "cbrt":
      return { kind: "apply", name: "root", args: [parseWide(cursor), numberNode(3)] };
    case "binom":
    case "dbinom":
    case "tbinom":
      return { kind: "apply", name: "binomial", args: [parseArgument(cursor), parseArgument(cursor)] };
    case "pi":
      return { kind: "constant", name: "pi" };
    case "infty":
      return { kind: "constant", name: "infinity" };
    case "dots":
    case "ldots":
    case "cdots":
    case "dotsc":
    case "dotsb":
    case "vdots":
      return { kind: "symbol", name: "..." };
    case "imath":
      return { kind: "constant", name: "i" };
    case "emptyset":
    case "varnothing":
      return { kind: "namedSet", name: "empty" };
    case "mathbb":
      return { kind: "namedSet", name: subsetName(cursor) };
    case "{":
    case "lbrace":
      return parseSetBraces(cursor);
    case "lfloor":
      return closedBy(cursor, "floor", "rfloor");
    case "lceil":
      return closedBy(cursor, "ceil", "rceil");
    case "lvert":
      return parseBars(cursor, () => cursor.takeCommand("rvert"));
    case "lVert":
      return parseBars(cursor, () => cursor.takeCommand("rVert"));
    case "vert":
    case "Vert":
    case "|":
      return parseBars(cursor, () => cursor.takeCommand(name));
    case "langle":
      return parseAngles(cursor, () => cursor.takeCommand("rangle"));
    case "sum":
    case "prod":
    case "int":
    case "lim":
      return parseBigOperator(cursor, name);
    case "overline":
    case "bar":
    case "vec":
    case "hat":
    case "widehat":
    case "tilde":
    case "widetilde":
    case "overrightarrow":
    case "dot":
      return decorated(name === "bar" ? "overline" : name, parseArgument(cursor));
    case "angle":
    case "triangle":
    case "measuredangle":
      return { kind: "word", text: name };
  }
  if (letterNames.has(name)) return { kind: "symbol", name: `\\${name}` };
  return { kind: "symbol", name: `\\${name}` };
}

function decorated(mark: string, of: Node): Node {
  return of.kind === "symbol" || of.kind === "constant"
    ? { kind: "symbol", name: `${mark} ${of.name}` }
    : { kind: "apply", name: mark, args: [of] };
}

function subsetName(cursor: Cursor): string {
  const braced = cursor.takeSign("{");
  const name = cursor.next().text;
  if (braced) cursor.expectSign("}");
  return name;
}

function closedBy(cursor: Cursor, name: string, close: string): Node {
  const inner = cursor.nested(() => parseSequence(cursor), true);
  if (!cursor.takeCommand(close)) throw new NotMathematics(`${name} left open`);
  return { kind: "apply", name, args: [inner] };
}

export function numberNode(value: number): Node {
  return { kind: "number", value: integer(value), decimals: 0, digits: String(value) };
}

/** An argument of `\frac`: a group, or one digit, letter or command. */
export function parseArgument(cursor: Cursor): Node {
  const token = cursor.peek();
  if (token?.kind !== "number" || token.text.length === 1) return parseAtom(cursor);
  // \frac12 is a half: the number token gives up its first digit.
  if (!/^\d+(?:\.\d+)?$/.test(token.text)) throw new NotMathematics("unclear argument");
  const rest = token.text.slice(1);
  const value = parseDecimal(rest);
  if (!value || rest.startsWith(".")) throw new NotMathematics("unclear argument");
  const tokens = cursor.tokens as (typeof token)[];
  tokens[cursor.position] = { ...token, text: rest, value, space: false };
  return numberNode(Number(token.text[0]));
}

/** An argument that plain text writes without braces: `\sqrt13` is the root of 13. */
function parseWide(cursor: Cursor): Node {
  return parseAtom(cursor);
}

function parseRoot(cursor: Cursor): Node {
  if (!cursor.isSign("[")) return { kind: "apply", name: "sqrt", args: [parseWide(cursor)] };
  cursor.position += 1;
  const index = cursor.nested(() => parseSequence(cursor), true);
  cursor.expectSign("]");
  return { kind: "apply", name: "root", args: [parseWide(cursor), index] };
}
