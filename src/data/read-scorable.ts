/**
 * Whatever has a question and steps, to be scored: solutions, label records (their steps are objects), and records that
 * hold nothing else. The outcome is taken along where there is one.
 */
import type { Outcome } from "../types.js";
import type { Place } from "./data-error.js";
import { Fields } from "./fields.js";
import { readPlaced } from "./read-solutions.js";

export interface ScorableSolution {
  problemId: string;
  index: number;
  question: string;
  steps: string[];
  outcome?: Outcome;
}

/** A solution without steps is one too, which whoever scores it has to say. @throws as `readSolutions` */
export function readScorable(path: string): AsyncIterable<ScorableSolution & { place: Place }> {
  return readPlaced(path, parseScorable);
}

/** @throws ERPRM_INVALID_DATA {file, line, field} */
export function parseScorable(value: unknown, place: Place): ScorableSolution {
  const fields = new Fields(value, place);
  const holdsObjects = fields.array("steps").some((step) => typeof step === "object" && step !== null);
  const steps = holdsObjects ? fields.objects("steps").map((step) => step.string("text")) : fields.strings("steps");
  return {
    problemId: fields.text("problemId"),
    index: fields.integer("index"),
    question: fields.text("question"),
    steps,
    ...(fields.has("outcome") && { outcome: fields.oneOf("outcome", [0, 1] as const) }),
  };
}
