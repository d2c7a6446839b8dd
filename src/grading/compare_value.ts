/** Scalars with what belongs to them: percent signs, number bases, ratios, moduli, number words. */
import type { Node } from "./ast.js";
import { compareScalars, type Verdict } from "./compare_scalar.js";
import { sameText } from "./compare_text.js";
import type { ResolvedOptions } from "./options.js";
import { numberOfWord } from "./vocabulary.js";

function unwrap(node: Node): Node {
  return node.kind === "bracket" && node.items.length === 1 && node.open !== "{" ? unwrap(node.items[0] as Node) : node;
}

/** The number before a percent sign. */
function percentOf(node: Node): Node | undefined {
  if (node.kind === "percent") return node.of;
  if (node.kind !== "negate") return undefined;
  const inner = percentOf(unwrap(node.of));
  return inner && { kind: "negate", of: inner };
}

function spelledNumber(node: Node): Node {
  if (node.kind !== "word") return node;
  const value = numberOfWord(node.text);
  return value === undefined
    ? node
    : { kind: "number", value: { n: BigInt(value), d: 1n }, decimals: 0, digits: String(value) };
}

export function compareValues(left: Node, right: Node, options: ResolvedOptions): Verdict {
  const [a, b] = [spelledNumber(unwrap(left)), spelledNumber(unwrap(right))];
  const compare = (x: Node, y: Node): Verdict => compareScalars(x, y, options.roundingDecimals);
  if (a.kind === "word" && b.kind === "word") return { correct: sameText(a.text, b.text), method: "text" };
  if (a.kind === "based" || b.kind === "based") return compareBased(a, b);
  if (a.kind === "ratio" && b.kind === "ratio") return compareRatios(a.items, b.items, options);
  if (isTime(a) || isTime(b)) return { correct: false, method: "time" };
  const [percentA, percentB] = [percentOf(a), percentOf(b)];
  if (percentA && percentB) return { ...compare(percentA, percentB), method: "percent" };
  if (percentA || percentB) {
    const [number, other] = percentA ? [percentA, b] : [percentB as Node, a];
    const isEqual = compare(percentA ? a : b, other).correct || (!options.strict && compare(number, other).correct);
    return { correct: isEqual, method: "percent" };
  }
  const [modulusA, modulusB] = [modulusOf(a), modulusOf(b)];
  if (modulusA || modulusB) {
    const isSame = !modulusA || !modulusB || compare(modulusA.modulus, modulusB.modulus).correct;
    return { correct: isSame && compare(modulusA?.value ?? a, modulusB?.value ?? b).correct, method: "modulus" };
  }
  return compare(a, b);
}

/** `10:05`: a zero after the colon is written in times of day only. */
function isTime(node: Node): boolean {
  return (
    node.kind === "ratio" && node.items.slice(1).some((item) => item.kind === "number" && /^0\d$/.test(item.digits))
  );
}

function modulusOf(node: Node): { value: Node; modulus: Node } | undefined {
  if (node.kind !== "apply" || node.name !== "pmod") return undefined;
  return { value: node.args[0] as Node, modulus: node.args[1] as Node };
}

/** Numerals in a base are compared as written: 52_8 is an answer to "in base 8", 42 is not. */
function compareBased(a: Node, b: Node): Verdict {
  const digits = (node: Node): string | undefined =>
    node.kind === "based" ? node.digits : node.kind === "number" && node.decimals === 0 ? node.digits : undefined;
  const [left, right] = [digits(a), digits(b)];
  const sameBase = a.kind !== "based" || b.kind !== "based" || a.base === b.base;
  return { correct: left !== undefined && left === right && sameBase, method: "base" };
}

/** Ratios up to a common factor; with a zero before the minutes they are times of day, compared as written. */
export function compareRatios(a: Node[], b: Node[], options: ResolvedOptions): Verdict {
  if (a.length !== b.length) return { correct: false, method: "ratio" };
  const areTimes = isTime({ kind: "ratio", items: a }) || isTime({ kind: "ratio", items: b });
  const [firstA, firstB] = [a[0] as Node, b[0] as Node];
  const isEqual = a.every((item, index) => {
    const other = b[index] as Node;
    if (areTimes) return compareScalars(item, other, options.roundingDecimals).correct;
    const left: Node = { kind: "multiply", factors: [item, firstB] };
    const right: Node = { kind: "multiply", factors: [other, firstA] };
    return compareScalars(left, right, options.roundingDecimals).correct;
  });
  return { correct: isEqual, method: areTimes ? "time" : "ratio" };
}
