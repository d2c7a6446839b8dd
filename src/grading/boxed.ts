/** The `\boxed{...}` answers of a text: nested ones unwrapped, neighbours joined to one answer. */
import { bracedBody } from "./tokenise.js";

interface Span {
  content: string;
  start: number;
  end: number;
}

const opener = /(?:\\(?:f|frame)?box(?:ed)?|(?<![\\a-zA-Z])boxed(?=\{))(?![a-zA-Z])\s*(?=[{\s\\\w(-])/g;

/** Boxes, from the end, that are looked at: unclosed ones cost a search each. */
const maxBoxes = 100;

/** The outermost boxes, in order. An unclosed box ends with its line. */
export function boxesOf(text: string): Span[] {
  const spans: Span[] = [];
  const starts = [...text.matchAll(opener)];
  opener.lastIndex = starts.at(-maxBoxes)?.index ?? 0;
  for (let found = opener.exec(text); found; found = opener.exec(text)) {
    const start = found.index;
    const after = start + found[0].length;
    const body = bracedBody(text, after);
    const span = body ? { content: body.content, start, end: body.end } : unbraced(text, start, after);
    if (!span) continue;
    spans.push(span);
    opener.lastIndex = span.end;
  }
  return spans;
}

/** `\boxed 5`, and `\boxed{5` cut short. */
function unbraced(text: string, start: number, after: number): Span | undefined {
  if (text[after] === "{") {
    const line = text.slice(after + 1).split("\n", 1)[0] ?? "";
    const content = line.replace(/\$+\s*[.,]?\s*$/, "");
    return content.trim() === "" ? undefined : { content, start, end: after + 1 + line.length };
  }
  const token = /^(?:[\w.,/()+-]*\w|\\[a-zA-Z]+)/.exec(text.slice(after, after + 64));
  return token ? { content: token[0], start, end: after + token[0].length } : undefined;
}

/** The content of a box without the boxes in it; empty text commands dropped. */
export function unwrapBoxes(content: string): string {
  let inner = content;
  for (let depth = 0; depth < 8 && /\\(?:f|frame)?box(?:ed)?\s*\{/.test(inner); depth += 1) {
    inner = boxesOf(inner).reduceRight(
      (text, span) => text.slice(0, span.start) + span.content + text.slice(span.end),
      inner,
    );
  }
  return inner.replace(/\\(?:text|mbox)\s*\{\s*\}/g, " ").trim();
}

/** What may stand between two boxes that state one answer together. */
const connective =
  /^(?:[\s$,;.&~{}]|\\[\\,;:!\]()[]|\\q?quad|\\text\s*\{\s*(?:and|or|,|;)?\s*\}|\band\b|\bor\b|\*\*|[a-zA-Z](?:_\{?\w\}?)?\s*=)*$/;

/** The last boxed answer; boxes joined by "and", "or", commas count as one list. */
export function lastBoxed(text: string): string | undefined {
  const spans = boxesOf(text)
    .map((span) => ({ ...span, content: unwrapBoxes(span.content) }))
    .filter((span) => span.content !== "");
  const last = spans.at(-1);
  if (!last) return undefined;
  const group = [last];
  for (let k = spans.length - 2; k >= 0; k -= 1) {
    const span = spans[k] as Span;
    const between = text.slice(span.end, (group[0] as Span).start);
    if (between.length > 60 || !connective.test(between) || /\n\s*\n/.test(between)) break;
    // A repeated answer is one answer.
    if (!group.some((other) => other.content === span.content)) group.unshift(span);
  }
  return group.length === 1 ? (group[0] as Span).content : group.map((span) => span.content).join(", ");
}
