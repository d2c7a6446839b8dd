/**
 * Formats that write question and first step into one text, with a space between: where does the question end?
 */
import type { Fields } from "../fields.js";
import type { Losses } from "./format.js";

export interface BorderedText {
  question: string;
  firstStep: string;
  /** False when nothing in the text says where the question ends. */
  isCertain: boolean;
}

/**
 * Before the last "Step 1:"; without one, after the last question mark, else after the first sentence - guesses, and told so.
 * The border is always one character of white space, so that joining with it gives the text back. Undefined: no border.
 */
export function splitQuestion(text: string): BorderedText | undefined {
  const marked = lastMatch(text, /\s(?=Step 1:)/g);
  if (marked !== undefined) return { ...cut(text, marked), isCertain: true };
  const guessed = lastMatch(text, /(?<=\?)\s(?=\S)/g) ?? firstMatch(text, /(?<=[.:!])\s(?=\S)/);
  return guessed === undefined ? undefined : { ...cut(text, guessed), isCertain: false };
}

/** @throws ERPRM_INVALID_DATA naming `name` when no border can be found. */
export function expectQuestion(fields: Fields, name: string, text: string, losses: Losses): BorderedText {
  const found = splitQuestion(text);
  if (!found || found.question.trim() === "") fields.fail(name, 'a text with "Step 1:" after the question');
  if (!found.isCertain) losses.add('where the question ends (guessed: there is no "Step 1:")');
  return found;
}

/** Question and first step in one text; a loss when an import would not find the border again. */
export function joinQuestion(question: string, firstStep: string, losses: Losses): string {
  const text = `${question} ${firstStep}`;
  if (splitQuestion(text)?.question !== question) losses.add("where the question ends");
  return text;
}

function cut(text: string, at: number): { question: string; firstStep: string } {
  return { question: text.slice(0, at), firstStep: text.slice(at + 1) };
}

function lastMatch(text: string, pattern: RegExp): number | undefined {
  return [...text.matchAll(pattern)].at(-1)?.index;
}

function firstMatch(text: string, pattern: RegExp): number | undefined {
  return pattern.exec(text)?.index;
}
