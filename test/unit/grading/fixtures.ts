/** What the grading tests read: hand-written pairs, and the reference answers of MATH-500 and GSM8K. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gradeTexts } from "../../../src/grading/grade.js";
import { defaultOptions } from "../../../src/grading/options.js";
import { packageRoot } from "../../../src/native/loader.js";

function lines<T>(name: string): T[] {
  const text = readFileSync(join(packageRoot, "test/fixtures", name), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

export interface Pair {
  reference: string;
  candidate: string;
  equal: boolean;
}

/** Pairs in the style of MATH answers; `grading_cases` adds free text, structures and traps. */
export const pairs = (name: "grading_pairs" | "grading_cases"): Pair[] => lines<Pair>(`${name}.jsonl`);

/** The distinct reference answers of MATH-500, each with the sentence of its own solution that boxes it. */
export const mathAnswers = (): { answer: string; ending: string }[] => lines("math500_answers.jsonl");

/** Reference answers of GSM8K: all with a sign or separators, and every fourth plain number. */
export const gsm8kAnswers = (): string[] =>
  JSON.parse(readFileSync(join(packageRoot, "test/fixtures/gsm8k_answers.json"), "utf8")) as string[];

export const isCorrect = (candidate: string, reference: string): boolean =>
  gradeTexts(candidate, reference, defaultOptions).correct;

export const methodOf = (candidate: string, reference: string): string =>
  gradeTexts(candidate, reference, defaultOptions).method;
