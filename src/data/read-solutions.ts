/**
 * Solutions, labels and scores from any supported file, every field checked before anybody computes with it.
 */
import { ErprmError } from "../errors.js";
import type { LabelRecord, Origin, Outcome, ScoreRecord, Solution, StepCounts } from "../types.js";
import { dataError, failField, type Place } from "./data-error.js";
import { Fields } from "./fields.js";
import { KeySet } from "./key-set.js";
import { expectInferences, parseAllocation, parseEstimator } from "./label-fields.js";
import { parseLabelName } from "./label-name.js";
import { readRecords } from "./read-records.js";
import { aggregates } from "./selection.js";

/**
 * @throws ERPRM_INVALID_DATA {file, line, field} for a record that is no solution or repeats (problemId, index);
 *   ERPRM_INVALID_ARGUMENT, ERPRM_NOT_FOUND, ERPRM_IO as `readRecords`.
 */
export function readSolutions(path: string): AsyncIterable<Solution> {
  return readUnique(path, parseSolution, solutionKey);
}

/** With the place of every solution. @throws as `readSolutions` */
export function readPlacedSolutions(path: string): AsyncIterable<Solution & { place: Place }> {
  return readPlaced(path, parseSolution);
}

/** @throws as `readSolutions`. */
export function readLabels(path: string): AsyncIterable<LabelRecord> {
  return readUnique(path, parseLabelRecord, solutionKey);
}

/** A label record of which steps and labels do not belong together, to be counted by whoever can do without it. */
export interface UnfitLabels {
  problemId: string;
  index: number;
  unfit: "labels-and-tags-differ" | "label-out-of-range";
  /** The strict reader's message, without the place. */
  found: string;
}

/**
 * As `readLabels`, but a record whose counts or labels lie outside their range, or whose labels are not one a step, is handed
 * out as such instead of ending the reading. @throws as `readLabels` for everything else
 */
export function readLabelsLeniently(path: string): AsyncIterable<(LabelRecord | UnfitLabels) & { place: Place }> {
  return readPlaced<LabelRecord | UnfitLabels>(path, (value, place) => {
    try {
      return parseLabelRecord(value, place);
    } catch (error) {
      const unfit = unfitLabels(error);
      if (unfit === undefined) throw error;
      const fields = new Fields(value, place);
      const found = (error as ErprmError).message.replace(`, in ${place.file} line ${place.line}`, "");
      return { problemId: fields.text("problemId"), index: fields.integer("index"), unfit, found };
    }
  });
}

/** Undefined for errors that say that the record is none. */
function unfitLabels(error: unknown): UnfitLabels["unfit"] | undefined {
  if (!(error instanceof ErprmError) || error.code !== "ERPRM_INVALID_DATA") return undefined;
  const field = String(error.details.field);
  if (/^(labels|standardErrors)\.[^[]+$/.test(field)) return "labels-and-tags-differ";
  const isRange = /^(labels|standardErrors)\.[^[]+\[\d+\]$|^steps\[\d+\]\.num(Correct|Completions)$/.test(field);
  return isRange ? "label-out-of-range" : undefined;
}

/** @throws as `readSolutions`; (problemId, index, model) must not repeat. */
export function readScores(path: string): AsyncIterable<ScoreRecord> {
  return readUnique(path, parseScoreRecord, (score) => `${solutionKey(score)} ${score.model}`);
}

/** What tells the records of one file apart. */
export function solutionKey(record: { problemId: string; index: number }): string {
  return `${record.problemId} ${record.index}`;
}

/** Records in file order, each once. @throws as `readSolutions` */
export async function* readUnique<T extends { problemId: string; index: number }>(
  path: string,
  parse: (value: unknown, place: Place) => T,
  keyOf: (record: T) => string,
): AsyncIterable<T> {
  const keys = new KeySet();
  for await (const { value, file, line } of readRecords(path)) {
    const record = parse(value, { file, line });
    if (!keys.add(keyOf(record))) {
      const earlier = await firstLineOf(keyOf(record), path, parse, keyOf);
      const message = `Expected (problemId, index) to be unique, received (${record.problemId}, ${record.index}) as in line ${earlier}`;
      throw dataError(message, { file, line }, "index");
    }
    yield record;
  }
  if (keys.size === 0) throw noRecords(path);
}

/** Lines are not kept for every key: the file is read again up to the one that has it. */
async function firstLineOf<T>(
  wanted: string,
  path: string,
  parse: (value: unknown, place: Place) => T,
  keyOf: (record: T) => string,
): Promise<number | undefined> {
  for await (const { value, file, line } of readRecords(path)) {
    if (keyOf(parse(value, { file, line })) === wanted) return line;
  }
  return undefined;
}

export function noRecords(path: string): ErprmError {
  return new ErprmError("ERPRM_INVALID_DATA", `Expected at least one record, found none in ${path}`, { file: path });
}

/** As `readUnique`, with the place of every record. */
export function readPlaced<T extends { problemId: string; index: number }>(
  path: string,
  parse: (value: unknown, place: Place) => T,
): AsyncIterable<T & { place: Place }> {
  return readUnique(path, (value, place) => ({ ...parse(value, place), place }), solutionKey);
}

/** @throws ERPRM_INVALID_DATA {file, line, field} */
export function parseSolution(value: unknown, place: Place): Solution {
  const fields = new Fields(value, place);
  const solution: Solution = {
    problemId: fields.text("problemId"),
    index: fields.integer("index"),
    question: fields.text("question"),
    answer: fields.text("answer"),
    steps: fields.strings("steps"),
    outcome: fields.oneOf("outcome", [0, 1] as const),
  };
  if (fields.has("finalAnswer")) solution.finalAnswer = fields.string("finalAnswer");
  if (fields.has("finishReason")) solution.finishReason = fields.oneOf("finishReason", ["stop", "length"] as const);
  if (fields.has("tokenIds")) {
    solution.tokenIds = fields.numbers("tokenIds", "an integer from 0", (id) => Number.isInteger(id) && id >= 0);
  }
  if (fields.has("stepEnds")) solution.stepEnds = stepEnds(fields, solution);
  if (fields.has("logProbability")) solution.logProbability = fields.number("logProbability");
  return solution;
}

function stepEnds(fields: Fields, { steps, tokenIds }: Solution): number[] {
  const ends = fields.numbers("stepEnds", "an integer from 0", (end) => Number.isInteger(end) && end >= 0);
  if (ends.length !== steps.length) fields.fail("stepEnds", `one for each of the ${steps.length} steps`);
  for (const [i, end] of ends.entries()) {
    if (i > 0 && end < (ends[i - 1] as number)) fields.fail("stepEnds", "non-decreasing");
  }
  if (tokenIds && ends.length > 0 && (ends[ends.length - 1] as number) > tokenIds.length) {
    fields.fail("stepEnds", `at most the number of tokens, ${tokenIds.length}`);
  }
  return ends;
}

/** A label record without its labels and what belongs to them. */
export type Measurement = Omit<LabelRecord, "labels" | "standardErrors" | "allocation" | "estimator" | "origin">;

/** Which solution it is, and the counts of its steps. @throws ERPRM_INVALID_DATA {file, line, field} */
export function parseMeasurement(fields: Fields): Measurement {
  const steps = fields.objects("steps").map(parseStepCounts);
  expectInferences(fields, steps);
  return {
    problemId: fields.text("problemId"),
    index: fields.integer("index"),
    question: fields.text("question"),
    ...answerAndOutcome(fields),
    ...(fields.has("finalAnswer") ? { finalAnswer: fields.string("finalAnswer") } : {}),
    steps,
  };
}

/** @throws ERPRM_INVALID_DATA {file, line, field} */
export function parseLabelRecord(value: unknown, place: Place): LabelRecord {
  const fields = new Fields(value, place);
  const measurement = parseMeasurement(fields);
  const numSteps = measurement.steps.length;
  const record: LabelRecord = {
    ...measurement,
    labels: perStep(fields, "labels", numSteps, "a number from 0 to 1", (label) => label >= 0 && label <= 1),
  };
  if (fields.has("standardErrors")) {
    record.standardErrors = perStep(fields, "standardErrors", numSteps, "a number of at least 0", (e) => e >= 0);
  }
  if (fields.has("allocation")) record.allocation = parseAllocation(fields.object("allocation"));
  if (fields.has("estimator")) record.estimator = parseEstimator(fields.object("estimator"));
  if (fields.has("origin")) record.origin = parseOrigin(fields.object("origin"));
  return record;
}

/** Both are there in our own records; imported ones (with `origin`) may lack them. */
function answerAndOutcome(fields: Fields): { answer?: string; outcome?: Outcome } {
  const isImported = fields.has("origin");
  const answer = isImported && !fields.has("answer") ? {} : { answer: fields.text("answer") };
  const outcome = isImported && !fields.has("outcome") ? {} : { outcome: fields.oneOf("outcome", [0, 1] as const) };
  return { ...answer, ...outcome };
}

function parseOrigin(fields: Fields): Origin {
  return { format: fields.text("format"), fields: fields.has("fields") ? fields.object("fields").record : {} };
}

function parseStepCounts(fields: Fields): StepCounts {
  const numCompletions = fields.integer("numCompletions");
  const step: StepCounts = {
    text: fields.string("text"),
    numCompletions,
    numCorrect: fields.integer("numCorrect", 0, numCompletions),
  };
  if (fields.has("terminal")) {
    fields.oneOf("terminal", [true] as const);
    step.terminal = true;
  }
  if (fields.has("inferredFrom")) step.inferredFrom = fields.integer("inferredFrom");
  return step;
}

function perStep(
  fields: Fields,
  name: string,
  numSteps: number,
  expected: string,
  accept: (value: number) => boolean,
): Record<string, number[]> {
  const inner = fields.object(name);
  const entries = Object.keys(inner.record).map((labelName) => {
    try {
      parseLabelName(labelName);
    } catch {
      failField(`the names in ${name}`, "hard, soft or er:ETA", labelName, fields.place);
    }
    const values = inner.numbers(labelName, expected, accept);
    if (values.length !== numSteps) inner.fail(labelName, `one number for each of the ${numSteps} steps`);
    return [labelName, values] as const;
  });
  return Object.fromEntries(entries);
}

/** @throws ERPRM_INVALID_DATA {file, line, field} */
export function parseScoreRecord(value: unknown, place: Place): ScoreRecord {
  const fields = new Fields(value, place);
  const scores = fields.object("scores");
  return {
    problemId: fields.text("problemId"),
    index: fields.integer("index"),
    model: fields.text("model"),
    stepScores: fields.numbers("stepScores", "a number from 0 to 1", (score) => score >= 0 && score <= 1),
    scores: Object.fromEntries(aggregates.map((name) => [name, scores.number(name)])) as ScoreRecord["scores"],
  };
}
