/**
 * Records in the form of ProcessBench (arXiv:2412.06559): a solution and its first wrong step. What is read here is the
 * question, the steps and that one number; `import --format processbench` makes label records of them.
 */
import type { Place } from "./data-error.js";
import { Fields } from "./fields.js";
import { joinable } from "./formats/format.js";
import type { Placed } from "./placed.js";
import { readPlaced } from "./read-solutions.js";

export interface FirstErrorSolution {
  /** The record's `id`. */
  problemId: string;
  /** Always 0: the form has no other. */
  index: number;
  question: string;
  /** Its paragraphs, each with the empty line that ends it. */
  steps: string[];
  /** From 0; -1: every step is right. */
  firstWrong: number;
}

/**
 * In file order, of any kind of file.
 * @throws as `readSolutions`; ERPRM_INVALID_DATA for no steps and for a `label` that is none of them and not -1
 */
export function readProcessBench(path: string): AsyncIterable<Placed<FirstErrorSolution>> {
  return readPlaced(path, parseProcessBench);
}

/** @throws ERPRM_INVALID_DATA {file, line, field} */
export function parseProcessBench(value: unknown, place: Place): FirstErrorSolution {
  const fields = new Fields(value, place);
  const steps = fields.strings("steps");
  if (steps.length === 0) fields.fail("steps", "at least one step");
  return {
    problemId: fields.text("id"),
    index: 0,
    question: fields.text("problem"),
    steps: joinable(steps, "\n\n"),
    firstWrong: fields.integer("label", -1, steps.length - 1),
  };
}
