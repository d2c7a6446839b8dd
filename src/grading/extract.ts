/**
 * The final answer of a solution. Rules from the surest to the weakest: boxes, `####`, "the answer is", and, where the
 * text ends properly, what its last sentence concludes. A text that is nothing but an answer is its own answer.
 */
import { lastBoxed } from "./boxed.js";
import { concludedAnswer } from "./conclude.js";
import { cuedAnswer } from "./cue.js";
import { maxTextLength } from "./limits.js";

/** The rule that found an answer. */
export type ExtractionRule = "boxed" | "hashes" | "cue" | "bare" | "conclusion";

export interface Extraction {
  answer: string;
  rule: ExtractionRule;
}

/** Words and sentences around mathematics: more than an answer has. */
export function isBare(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.length > 400) return false;
  if (/\n\s*\n/.test(trimmed)) return false;
  const prose = trimmed
    .replace(/\\(?:text|mbox|textbf|textit|mathrm|operatorname|textrm)\s*\{[^{}]*\}/g, " ")
    .replace(/\\(?:begin|end)\s*\{[^{}]*\}|\\[a-zA-Z]+/g, " ");
  if (/[a-z)\d$]\.\s+[A-Z]|[a-z]'[a-z]/.test(prose)) return false;
  const words = prose.match(/[a-zA-Z]{2,}/g) ?? [];
  const lead = /^[^\d\\$=(]*(?=[\d\\$])/.exec(trimmed)?.[0] ?? "";
  if ((lead.match(/[a-zA-Z]{2,}/g) ?? []).length > 2) return false;
  if (/^(?:therefore|thus|hence|so|then|finally)\b/i.test(trimmed) && words.length > 0) return false;
  const verbs =
    /\b(?:is|are|was|were|has|have|had|we|get|gets|so|thus|therefore|hence|because|since|then|which|find|let|know|answer)\b/i;
  if (verbs.test(prose) && words.length > 1) return false;
  return words.length <= 8;
}

/** `#### 18`, as GSM8K ends its solutions; headings of the same look are not answers. */
function hashed(text: string): string | undefined {
  const marks = [...text.matchAll(/^[ \t]*#{4}[ \t]*([^\n]*)$|####[ \t]*([^\n#]+)/gm)];
  for (const found of marks.reverse()) {
    const line = (found[1] ?? found[2] ?? "").trim();
    const isLast = text.slice((found.index ?? 0) + found[0].length).trim() === "";
    const isHeading = /:\s*$/.test(line) || /^(?:step|part|case|solution|explanation|note)\b/i.test(line);
    if (line !== "" && !isHeading && (isLast || /^[-+$\\(]?[\d.\\$]/.test(line))) return cuedAnswer(line) ?? line;
  }
  return undefined;
}

/** What comes after the reasoning, where a model marks where that ends. */
function afterThinking(text: string): string {
  const end = text.lastIndexOf("</think>");
  const rest = end < 0 ? "" : text.slice(end + 8);
  return rest.trim() === "" ? text : rest;
}

export function extract(whole: string): Extraction | undefined {
  const tail = afterThinking(whole.length > maxTextLength ? whole.slice(-maxTextLength) : whole);
  // <<9*2=18>> is a note to a calculator.
  const text = tail.includes("<<") ? tail.replace(/<<[^<>\n]*>>/g, "") : tail;
  const boxed = text.includes("box") ? lastBoxed(text) : undefined;
  if (boxed !== undefined) return { answer: boxed, rule: "boxed" };
  const hashes = text.includes("####") ? hashed(text) : undefined;
  if (hashes !== undefined) return { answer: hashes, rule: "hashes" };
  const cued = cuedAnswer(text);
  if (cued !== undefined) return { answer: cued, rule: "cue" };
  if (text.trim() === "") return undefined;
  if (isBare(text)) return { answer: text.trim(), rule: "bare" };
  const concluded = concludedAnswer(text);
  return concluded === undefined ? undefined : { answer: concluded, rule: "conclusion" };
}

/**
 * The final answer that a solution states, or undefined when it states none. The answer keeps its LaTeX; delimiters,
 * boxes and the words that announce it are gone.
 * @throws never
 */
export function extractAnswer(text: string): string | undefined {
  return extract(String(text))?.answer;
}
