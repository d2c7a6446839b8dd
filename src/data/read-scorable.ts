/**
 * Whatever has a question and steps, to be scored: solutions, label records (their steps are objects), and records that
 * hold nothing else. The outcome is taken along where there is one.
 */
import type { Outcome } from "../types.js";
import type { Place } from "./data-error.js";
import { Fields } from "./fields.js";
import { readUnique, solutionKey } from "./read-solutions.js";

export interface ScorableSolution {
  problemId: string;
  index: number;
  question: string;
  steps: string[];
  outcome?: Outcome;
}

/** @throws as `readSolutions`; ERPRM_INVALID_DATA for a record without steps */
export function readScorable(path: string): AsyncIterable<ScorableSolution> {
  return readUnique(path, parseScorable, solutionKey);
}

/** @throws ERPRM_INVALID_DATA {file, line, field} */
export function parseScorable(value: unknown, place: Place): ScorableSolution {
  const fields = new Fields(value, place);
  const holdsObjects = fields.array("steps").some((step) => typeof step === "object" && step !== null);
  const steps = holdsObjects ? fields.objects("steps").map((step) => step.string("text")) : fields.strings("steps");
  if (steps.length === 0) fields.fail("steps", "at least one step");
  return {
    problemId: fields.text("problemId"),
    index: fields.integer("index"),
    question: fields.text("question"),
    steps,
    ...(fields.has("outcome") && { outcome: fields.oneOf("outcome", [0, 1] as const) }),
  };
}
