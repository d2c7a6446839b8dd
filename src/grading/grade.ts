/**
 * Grading on the calling thread, without a time limit: what the workers run. Finds the answers in both texts, reads each
 * in every way it can be meant, and lets the first rule that says "equal" decide.
 */

import type { Verdict } from "./compare_scalar.js";
import { choiceOf, choicesOf, sameText } from "./compare_text.js";
import { extract, isBare } from "./extract.js";
import { maxAnswerLength } from "./limits.js";
import { match } from "./match.js";
import { normalise } from "./normalise.js";
import type { ResolvedOptions } from "./options.js";
import { type Parsed, parse } from "./parse.js";
import { shapeOf } from "./shape.js";
import { type CommaReading, NotMathematics } from "./tokenise.js";
import { compareTrivially } from "./trivial.js";
import { unitOf } from "./vocabulary.js";

export type { Verdict } from "./compare_scalar.js";

/** The answers a text may mean: itself when it is nothing more, else what it states. */
export function readingsOf(text: string): string[] {
  const found = extract(text);
  const bare = text.trim();
  if (!found) return bare.length > 0 && bare.length <= maxAnswerLength ? [bare] : [];
  if (found.rule !== "conclusion" || !(isBare(bare) || bare.length <= 80)) return [found.answer];
  return [found.answer, bare];
}

/** Grades two texts. Never throws for strings; the time it takes is bounded only by the limits of `limits.ts`. */
export function gradeTexts(candidate: string, reference: string, options: ResolvedOptions): Verdict {
  try {
    return gradeReadings(candidate, reference, options);
  } catch (error) {
    // The stack or a BigInt at its end: an answer beyond every limit is not equal to anything.
    if (error instanceof RangeError) return { correct: false, method: "limit" };
    throw error;
  }
}

function gradeReadings(candidate: string, reference: string, options: ResolvedOptions): Verdict {
  const trivial = compareTrivially(candidate, reference, options);
  if (trivial) return trivial;
  const references = readingsOf(reference);
  const candidates = readingsOf(candidate);
  if (candidates.length === 0 || references.length === 0) return { correct: false, method: "no-answer" };
  let verdict: Verdict | undefined;
  for (const right of references) {
    for (const left of candidates) {
      const found = gradeAnswers(left, right, options);
      if (found.correct) return found;
      verdict ??= found;
    }
  }
  return verdict as Verdict;
}

/** Grades two bare answers. */
export function gradeAnswers(candidate: string, reference: string, options: ResolvedOptions): Verdict {
  const trivial = compareTrivially(candidate, reference, options);
  if (trivial) return trivial;
  if (candidate.length > maxAnswerLength || reference.length > maxAnswerLength) {
    return { correct: candidate.trim() === reference.trim(), method: "length" };
  }
  const [left, right] = [normalise(candidate), normalise(reference)];
  if (left === "" || right === "") return { correct: false, method: "no-answer" };
  if (left.replace(/\s+/g, "") === right.replace(/\s+/g, "")) return { correct: true, method: "string" };
  const choice = compareChoices(candidate, reference, options);
  if (choice) return choice;
  if (sameText(left, right)) return { correct: true, method: "text" };
  return compareParsed(left, right, options);
}

function compareChoices(candidate: string, reference: string, options: ResolvedOptions): Verdict | undefined {
  const [all, expected] = [choicesOf(candidate), choicesOf(reference)];
  if (all !== undefined && all === expected) return { correct: true, method: "choice" };
  const [left, right] = [choiceOf(candidate), choiceOf(reference)];
  if (left && right) return { correct: left.letter === right.letter, method: "choice" };
  if (right?.rest) return gradeAnswers(candidate, right.rest, options);
  if (left?.rest) return gradeAnswers(left.rest, reference, options);
  return undefined;
}

/** The ways the commas of an answer can be meant. */
function commaReadings(text: string, options: ResolvedOptions): CommaReading[] {
  const readings: CommaReading[] = ["thousands"];
  if (!/\d,\d/.test(text)) return readings;
  if (/[1-9]\d{0,2},\d{3}(?!\d)/.test(text) && !/,0\d/.test(text)) readings.push("separator");
  const isSingle = /^-?\d+,\d+\D*$/.test(text) && !/\d,\d{3}(?!\d)/.test(text);
  if (!options.strict && (isSingle || text.includes(";"))) readings.push("decimal");
  return readings;
}

function tryParse(text: string, commas: CommaReading): Parsed | undefined {
  try {
    return parse(text, commas);
  } catch (error) {
    if (error instanceof NotMathematics) return undefined;
    throw error;
  }
}

function compareParsed(candidate: string, reference: string, options: ResolvedOptions): Verdict {
  let verdict: Verdict | undefined;
  const references = commaReadings(reference, options).map((commas) => tryParse(reference, commas));
  for (const commas of commaReadings(candidate, options)) {
    const left = tryParse(candidate, commas);
    if (!left) continue;
    for (const right of references) {
      if (!right) continue;
      const found = compareReadings(left, right, options);
      if (found.correct) return found;
      verdict ??= found;
    }
  }
  return verdict ?? { correct: false, method: "text" };
}

function compareReadings(candidate: Parsed, reference: Parsed, options: ResolvedOptions): Verdict {
  if (unitsDiffer(candidate.units, reference.units)) return { correct: false, method: "unit" };
  if (labelsDiffer(candidate, reference)) return { correct: false, method: "text" };
  return match(candidate.node, reference.node, options);
}

/** Both sides name units we know, and none of them agree. */
function unitsDiffer(a: readonly string[], b: readonly string[]): boolean {
  const known = (words: readonly string[]): Set<string> =>
    new Set(
      words
        .filter((word) => word !== "in" || words.length === 1)
        .map(unitOf)
        .filter((unit) => unit !== undefined),
    );
  const [left, right] = [known(a), known(b)];
  return left.size > 0 && right.size > 0 && ![...left].some((unit) => right.has(unit));
}

/** Words before a number that change what it says: "not 5" is not 5. */
function labelsDiffer(a: Parsed, b: Parsed): boolean {
  const negation = /\b(?:no|not|never|cannot|neither|least|most|less|more|fewer|greater)\b/i;
  const says = (parsed: Parsed): boolean =>
    negation.test([...parsed.labels, ...parsed.units].join(" ")) && shapeOf(parsed.node).shape === "scalar";
  return says(a) !== says(b);
}
