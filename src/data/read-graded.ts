/** Graded solutions: records with an outcome, as `rollout` and `label` write them. Label records bring the counts of their steps. */
import type { Allocation, Outcome, ScoreRecord, StepCounts } from "../types.js";
import { failField, type Place } from "./data-error.js";
import { Fields } from "./fields.js";
import type { Placed } from "./placed.js";
import { parseLabelRecord, parseScoreRecord, parseSolution, readPlaced } from "./read-solutions.js";

export interface GradedSolution {
  problemId: string;
  index: number;
  question: string;
  steps: string[];
  outcome: Outcome;
  finalAnswer?: string;
  /** Of label records, one a step. */
  counts?: StepCounts[];
  /** Of label records; absent: the same number of completions for every prefix. */
  allocation?: Allocation;
}

/** @throws as `readSolutions`; ERPRM_INVALID_DATA for a record without an outcome */
export function readGraded(path: string): AsyncIterable<Placed<GradedSolution>> {
  return readPlaced(path, parseGraded);
}

/** Score records with their places. @throws as `readScores`, and for a second record of a solution by whatever model */
export function readPlacedScores(path: string): AsyncIterable<Placed<ScoreRecord>> {
  return readPlaced(path, parseScoreRecord);
}

/** @throws ERPRM_INVALID_DATA {file, line, field} */
export function parseGraded(value: unknown, place: Place): GradedSolution {
  const fields = new Fields(value, place);
  const hasCounts = fields.array("steps").some((step) => typeof step === "object" && step !== null);
  const record = hasCounts ? parseLabelRecord(value, place) : parseSolution(value, place);
  const allocation = "allocation" in record ? record.allocation : undefined;
  const { problemId, index, question, outcome, finalAnswer } = record;
  if (outcome === undefined) failField("outcome", "0 or 1: only graded solutions can be evaluated", outcome, place);
  const counts = record.steps.filter((step): step is StepCounts => typeof step === "object");
  return {
    ...{ problemId, index, question, outcome },
    steps: record.steps.map((step) => (typeof step === "string" ? step : step.text)),
    ...(finalAnswer !== undefined && { finalAnswer }),
    ...(hasCounts && { counts }),
    ...(allocation !== undefined && { allocation }),
  };
}
