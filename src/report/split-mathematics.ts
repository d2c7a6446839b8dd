/**
 * Finds the mathematics in a text: $$...$$, $...$, \[...\], \(...\), and \boxed{...} that stands alone. Texts about money
 * have dollars too, so a single dollar opens mathematics only where nothing but a formula can be meant.
 */
export interface TextPart {
  kind: "text" | "inline" | "display";
  /** Of mathematics without its delimiters. */
  text: string;
}

const delimiters = [
  { open: "$$", close: "$$", kind: "display" },
  { open: "\\[", close: "\\]", kind: "display" },
  { open: "\\(", close: "\\)", kind: "inline" },
] as const;

interface Found {
  part: TextPart;
  end: number;
}

function delimited(text: string, at: number): Found | undefined {
  for (const { open, close, kind } of delimiters) {
    if (!text.startsWith(open, at)) continue;
    const end = text.indexOf(close, at + open.length);
    if (end < 0) continue;
    const inner = text.slice(at + open.length, end);
    if (inner.trim() !== "") return { part: { kind, text: inner }, end: end + close.length };
  }
  return undefined;
}

/** Two words in a row, or a word between spaces where nothing else looks like a formula: prose between two prices. */
const twoWords = /(?<![\\a-zA-Z])[a-zA-Z]{2,}[,;:.]?\s+[a-zA-Z]{2,}/;
const oneWord = /\s[a-z]{2,}\s/;

function isProse(inner: string): boolean {
  const withoutText = inner.replace(/\\(text|mbox|textbf|mathrm|operatorname)\s*\{[^{}]*\}/g, "\\x");
  return twoWords.test(withoutText) || (oneWord.test(withoutText) && !/[\\^_=]/.test(withoutText));
}

function dollars(text: string, at: number): Found | undefined {
  if (text[at] !== "$" || text[at + 1] === "$" || /\s/.test(text[at + 1] ?? " ")) return undefined;
  let end = at + 1;
  while (end < text.length && text[end] !== "$" && text[end] !== "\n") end += text[end] === "\\" ? 2 : 1;
  if (text[end] !== "$" || /\s/.test(text[end - 1] ?? "") || /\d/.test(text[end + 1] ?? "")) return undefined;
  const inner = text.slice(at + 1, end);
  if (inner === "" || isProse(inner)) return undefined;
  return { part: { kind: "inline", text: inner }, end: end + 1 };
}

function boxed(text: string, at: number): Found | undefined {
  const open = /^\\f?boxed\s*\{/.exec(text.slice(at, at + 16))?.[0];
  if (open === undefined) return undefined;
  let depth = 1;
  for (let end = at + open.length; end < text.length; end += 1) {
    if (text[end] === "\\") end += 1;
    else if (text[end] === "{") depth += 1;
    else if (text[end] === "}") depth -= 1;
    if (depth === 0) return { part: { kind: "inline", text: text.slice(at, end + 1) }, end: end + 1 };
  }
  return undefined;
}

/** The parts, laid end to end, say all that the text says. */
export function splitMathematics(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  const flush = (to: number) => {
    if (to > from) parts.push({ kind: "text", text: text.slice(from, to) });
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character !== "$" && character !== "\\") continue;
    if (character === "\\" && text[at + 1] === "$") {
      at += 1;
      continue;
    }
    const found = delimited(text, at) ?? dollars(text, at) ?? boxed(text, at);
    if (!found) continue;
    flush(at);
    parts.push(found.part);
    from = found.end;
    at = from - 1;
  }
  flush(text.length);
  return parts;
}

export function hasMathematics(text: string): boolean {
  return /\$|\\[([]|\\f?boxed/.test(text) && splitMathematics(text).some(({ kind }) => kind !== "text");
}
