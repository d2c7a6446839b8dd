/**
 * Normalised LaTeX to tokens. Numbers are whole here (thousands separators, exponents, repeating decimals); runs of
 * plain letters become function names, symbols or words; `\text{...}` is read as plain text.
 */
import { maxDepth, maxSegmentLength } from "./limits.js";
import { parseDecimal, type Rational, rational } from "./rational.js";
import { functionNames, letterNames, shortWords, unitOf } from "./vocabulary.js";

export type Token =
  | { kind: "number"; value: Rational; text: string; decimals: number; space: boolean }
  /** A backslash command without its backslash, `{`, an operator; `symbol` and `word` carry text. */
  | { kind: "command" | "symbol" | "word" | "sign"; text: string; space: boolean; marked?: boolean };

/** Thrown where a string is not mathematics; never leaves the grading layer. */
export class NotMathematics extends Error {}

/** How commas between digits read: `thousands` (1,234 is one number), `separator` (never), `decimal` (1,5 is 1.5). */
export type CommaReading = "thousands" | "separator" | "decimal";

const thousands = /[1-9]\d{0,2}(?:,\d{3})+(?!,?\d)(?:\.\d+)?/y;
const spacedThousands = /[1-9]\d{0,2}(?: \d{3})+(?![\d ]*\d)(?:\.\d+)?/y;
const bracedComma = /\d+(?:\{,\}\s*\d+)+(?:\.\d+)?/y;
const decimalComma = /\d+,\d+(?!,?\d)/y;
const plainNumber = /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,5}(?![\d.]))?/y;
const repetend = /\s*(?:\\overline|\\bar|\\dot)\s*(?:\{\s*(\d+)\s*\}|(\d))|\((\d+)\)/y;
const ellipsis = /\s*(?:\.{2,4}|\\l?dots(?![a-zA-Z])|\\cdots(?![a-zA-Z]))/y;
const command = /\\([a-zA-Z]+\*?|.)/y;
const letters = /[a-zA-Z]+|[^ -~\s]+/y;
const sign = /<=|>=|=>|->|!=|<>|==|\/\/|[-+*/^_=<>|(){}[\],;:!%&'"?@#\\.]/y;

function at(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}

/** @throws NotMathematics for characters or nesting that no answer has. */
export function tokenise(text: string, commas: CommaReading = "thousands"): Token[] {
  const tokens: Token[] = [];
  scan(text, commas, tokens, 0);
  return tokens;
}

const textCommands = new Set(
  "text mbox textbf textit textrm textsf texttt textnormal emph hbox mathrm operatorname mathit mathsf mathbf mathcal mathtt".split(
    " ",
  ),
);

function scan(text: string, commas: CommaReading, tokens: Token[], depth: number, inText = false): void {
  if (depth > maxDepth) throw new NotMathematics("text nested too deep");
  let position = 0;
  let brackets = 0;
  while (position < text.length) {
    const start = position;
    while (/\s/.test(text[position] ?? "")) position += 1;
    if (position >= text.length) break;
    const space = position > start;
    const character = text[position] as string;
    if (/[\d.]/.test(character)) {
      const number = scanNumber(
        text,
        position,
        brackets === 0 ? commas : commas === "thousands" ? "separator" : commas,
        tokens,
      );
      if (number) {
        tokens.push({ kind: "number", value: number.value, text: number.text, decimals: number.decimals, space });
        position = number.end;
        continue;
      }
    }
    if (text.startsWith("...", position)) {
      tokens.push({ kind: "command", text: "ldots", space });
      position += 3;
      continue;
    }
    const slashed = at(command, text, position);
    if (slashed) {
      position += slashed[0].length;
      position = scanCommand(slashed[1] as string, text, position, commas, tokens, space, depth);
      if (slashed[1] === "{") brackets += 1;
      if (slashed[1] === "}") brackets -= 1;
      continue;
    }
    const run = at(letters, text, position);
    if (run) {
      scanLetters(run[0], tokens, space, inText && run[0].length > 1);
      position += run[0].length;
      continue;
    }
    const found = at(sign, text, position);
    if (!found) throw new NotMathematics(`unexpected ${character}`);
    if (character === "(" || character === "[") brackets += 1;
    if (character === ")" || character === "]") brackets -= 1;
    tokens.push({ kind: "sign", text: found[0], space });
    position += found[0].length;
  }
}

function scanNumber(text: string, position: number, commas: CommaReading, before: Token[]) {
  let literal: string;
  let end: number;
  const last = before.at(-1);
  const afterTightComma = last?.kind === "sign" && last.text === "," && text[position - 1] === ",";
  const grouped =
    (commas === "thousands" && !afterTightComma && at(thousands, text, position)) ||
    at(spacedThousands, text, position);
  const braced = grouped ? null : at(bracedComma, text, position);
  const european = grouped || braced || commas !== "decimal" ? null : at(decimalComma, text, position);
  if (grouped) {
    literal = grouped[0].replace(/[, ]/g, "");
    end = position + grouped[0].length;
  } else if (braced) {
    const isGrouped = /^\d{1,3}(\{,\}\s*\d{3})+(\.\d+)?$/.test(braced[0]);
    literal = braced[0].replace(/\{,\}\s*/g, isGrouped ? "" : ".");
    if (!isGrouped && !/^\d+\.\d+$/.test(literal)) return undefined;
    end = position + braced[0].length;
  } else if (european) {
    literal = european[0].replace(",", ".");
    end = position + european[0].length;
  } else {
    const plain = at(plainNumber, text, position);
    if (!plain) {
      // "0." followed by a repetend, or a lone point.
      return undefined;
    }
    literal = plain[0];
    end = position + literal.length;
  }
  const repeating = readRepeating(literal, text, end);
  if (repeating) return repeating;
  const [mantissa = "", exponent] = literal.split(/[eE]/);
  const value = parseDecimal(mantissa, exponent === undefined ? 0 : Number(exponent));
  if (!value) throw new NotMathematics("number too long");
  const point = mantissa.indexOf(".");
  const decimals = Math.max(0, (point < 0 ? 0 : mantissa.length - point - 1) - Number(exponent ?? 0));
  return { value, text: literal, decimals: exponent !== undefined || point >= 0 ? decimals : 0, end };
}

/** `0.1\overline{6}`, `0.\bar{3}`, `0.1(6)`, `0.333...` as the fraction they mean. */
function readRepeating(literal: string, text: string, end: number) {
  if (/[eE]/.test(literal)) return undefined;
  const pointAfter = text[end] === "." && !literal.includes(".") && /[\\(]/.test(text[end + 1] ?? "");
  const after = pointAfter ? end + 1 : end;
  if (!pointAfter && !literal.includes(".")) return undefined;
  const [whole = "0", fixed = ""] = literal.split(".");
  const repeated = at(repetend, text, after);
  if (repeated) {
    const period = (repeated[1] ?? repeated[2] ?? repeated[3]) as string;
    return { ...repeatingValue(whole, fixed, period, literal), end: after + repeated[0].length };
  }
  const dots = at(ellipsis, text, end);
  if (!dots) return undefined;
  for (let length = 1; length <= 6 && 2 * length <= fixed.length; length += 1) {
    const period = fixed.slice(-length);
    if (fixed.slice(-2 * length, -length) !== period) continue;
    return { ...repeatingValue(whole, fixed, period, literal), end: end + dots[0].length };
  }
  return undefined;
}

function repeatingValue(whole: string, fixed: string, period: string, literal: string) {
  const scale = 10n ** BigInt(fixed.length);
  const cycle = 10n ** BigInt(period.length) - 1n;
  const n = BigInt(`${whole || "0"}${fixed}`) * cycle + BigInt(period);
  const value = rational(n, scale * cycle);
  if (!value) throw new NotMathematics("number without value");
  return { value, text: literal, decimals: 0 };
}

function scanCommand(
  name: string,
  text: string,
  position: number,
  commas: CommaReading,
  tokens: Token[],
  space: boolean,
  depth: number,
): number {
  if (name === "begin" || name === "end") {
    const environment = /\s*\{\s*([a-zA-Z]+)\*?\s*\}/y;
    const found = at(environment, text, position);
    if (!found) throw new NotMathematics("environment without a name");
    tokens.push({ kind: "command", text: `${name}:${found[1]}`, space });
    return position + found[0].length;
  }
  if (name === "angle" || name === "triangle" || name === "measuredangle") {
    tokens.push({ kind: "word", text: name, space, marked: true });
    return position;
  }
  if (!textCommands.has(name)) {
    tokens.push({ kind: "command", text: name, space });
    return position;
  }
  const body = bracedBody(text, position);
  if (body === undefined) return position;
  scanText(body.content, commas, tokens, space, depth, name.startsWith("math"));
  return body.end;
}

/** The balanced `{...}` at `position`. */
export function bracedBody(text: string, position: number): { content: string; end: number } | undefined {
  let index = position;
  while (/\s/.test(text[index] ?? "")) index += 1;
  if (text[index] !== "{") return undefined;
  let depth = 0;
  const end = Math.min(text.length, index + maxSegmentLength);
  for (let i = index; i < end; i += 1) {
    const character = text[i];
    if (character === "\\") i += 1;
    else if (character === "{") depth += 1;
    else if (character === "}") {
      depth -= 1;
      if (depth === 0) return { content: text.slice(index + 1, i), end: i + 1 };
    }
  }
  return undefined;
}

function scanText(
  content: string,
  commas: CommaReading,
  tokens: Token[],
  space: boolean,
  depth: number,
  math: boolean,
) {
  const trimmed = content.trim();
  if (/^[a-zA-Z]$/.test(trimmed) && unitOf(trimmed) !== undefined && endsQuantity(tokens)) {
    tokens.push({ kind: "word", text: trimmed, space, marked: true });
    return;
  }
  if (/^[a-zA-Z]+$/.test(trimmed)) {
    scanLetters(trimmed, tokens, space, !math || trimmed.length > 1);
    return;
  }
  const inner: Token[] = [];
  scan(content, commas, inner, depth + 1, true);
  const isUnit =
    endsQuantity(tokens) && inner.every((token) => token.kind !== "symbol" || unitOf(token.text) !== undefined);
  for (const token of inner) {
    if (token.kind === "symbol" && isUnit) token.kind = "word";
    if (token.kind === "word" || (!math && token.kind === "symbol")) token.marked = true;
  }
  if (inner[0]) inner[0].space ||= space;
  tokens.push(...inner);
}

/** Whether a unit may follow: after a number or a closed group. */
function endsQuantity(tokens: readonly Token[]): boolean {
  const last = tokens.at(-1);
  return last?.kind === "number" || last?.text === "}" || last?.text === ")" || last?.text === "pi";
}

const constants = new Map([
  ["pi", "pi"],
  ["Pi", "pi"],
  ["infinity", "infty"],
  ["inf", "infty"],
  ["infty", "infty"],
  ["Infinity", "infty"],
  ["oo", "infty"],
  ["sqrt", "sqrt"],
  ["cbrt", "cbrt"],
  ["root", "sqrt"],
]);

/** Appends the tokens of a run of letters; returns how many tokens there are then. */
function scanLetters(run: string, tokens: Token[], space: boolean, marked: boolean): number {
  const push = (kind: "command" | "symbol" | "word", text: string, spaced: boolean): number =>
    tokens.push({ kind, text, space: spaced, ...(marked ? { marked } : {}) });
  if (run.length === 1) return push("symbol", run, space);
  const constant = constants.get(run);
  if (constant) return push("command", constant, space);
  if (/^(?:and|or)$/i.test(run)) return push("word", run.toLowerCase(), space);
  if (functionNames.has(run)) {
    // "min" and "in" after a number are units; "max of" and the like only occur in prose.
    if (!(run === "min" && tokens.at(-1)?.kind === "number")) return push("command", run, space);
  }
  if (letterNames.has(run)) return push("command", run, space);
  const lower = run.toLowerCase();
  const joined = /^(arcsin|arccos|arctan|sqrt|sin|cos|tan|cot|sec|csc|ln|log)([a-z]|theta|pi)$/.exec(run);
  if (joined) {
    push("command", joined[1] as string, space);
    return scanLetters(joined[2] as string, tokens, false, marked);
  }
  const afterNumber = endsQuantity(tokens);
  if (!/^[a-zA-Z]+$/.test(run) || (unitOf(run) !== undefined && (afterNumber || marked || run.length > 2))) {
    return push("word", run, space);
  }
  const product = run.length <= 3 || (run.length <= 5 && run === run.toUpperCase());
  if (!marked && product && !shortWords.has(lower)) {
    for (const [index, letter] of [...run].entries()) push("symbol", letter, space && index === 0);
    return tokens.length;
  }
  return push("word", run, space);
}
