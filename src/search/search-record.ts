/** One search as a record of `search.jsonl`: what it spent, level by level, and everything that ended. */
import type { Place } from "../data/data-error.js";
import { Fields } from "../data/fields.js";
import { readUnique, solutionKey } from "../data/read-solutions.js";
import { aggregates } from "../data/selection.js";
import type { Aggregate, FinishReason, Outcome } from "../types.js";
import { type Level, type SearchEnd, searchEnds } from "./search-tools.js";

export const searchAlgorithms = ["beam", "dvts", "best-of-n"] as const;
export type SearchAlgorithm = (typeof searchAlgorithms)[number];

/** A solution that a search came by. */
export interface FoundSolution {
  /** Absent where it states none. */
  finalAnswer?: string;
  outcome: Outcome;
  finishReason: FinishReason;
  numTokens: number;
  stepScores: number[];
  scores: Record<Aggregate, number>;
}

export interface SearchRecord {
  problemId: string;
  /** Of the chosen solution in `solutions.jsonl`: 0, a search gives one solution a problem. */
  index: number;
  algorithm: SearchAlgorithm;
  /** Tokens sampled, those that were thrown away included; at most the budget. */
  tokens: number;
  end: SearchEnd;
  /** Index of the chosen solution in `solutions`; absent when that is empty: a prefix was chosen, or what nobody could score. */
  chosen?: number;
  levels: Level[];
  /** In the order they were sampled in. */
  solutions: FoundSolution[];
}

/** @throws ERPRM_INVALID_DATA {file, line, field}; ERPRM_NOT_FOUND, ERPRM_IO as `readRecords` */
export function readSearches(path: string): AsyncIterable<SearchRecord> {
  return readUnique(path, parseSearchRecord, solutionKey);
}

/** @throws ERPRM_INVALID_DATA {file, line, field} */
export function parseSearchRecord(value: unknown, place: Place): SearchRecord {
  const fields = new Fields(value, place);
  const solutions = fields.objects("solutions").map(parseFound);
  return {
    problemId: fields.text("problemId"),
    index: fields.integer("index"),
    algorithm: fields.oneOf("algorithm", searchAlgorithms),
    tokens: fields.integer("tokens"),
    end: fields.oneOf("end", searchEnds),
    ...(fields.has("chosen") && { chosen: fields.integer("chosen", 0, solutions.length - 1) }),
    levels: fields.objects("levels").map(parseLevel),
    solutions,
  };
}

function parseFound(fields: Fields): FoundSolution {
  const scores = fields.object("scores");
  return {
    ...(fields.has("finalAnswer") && { finalAnswer: fields.string("finalAnswer") }),
    outcome: fields.oneOf("outcome", [0, 1] as const),
    finishReason: fields.oneOf("finishReason", ["stop", "length"] as const),
    numTokens: fields.integer("numTokens"),
    stepScores: scoresIn(fields, "stepScores"),
    scores: Object.fromEntries(aggregates.map((how) => [how, scores.number(how)])) as Record<Aggregate, number>,
  };
}

function parseLevel(fields: Fields): Level {
  return {
    prefixes: fields.integer("prefixes"),
    completions: fields.integer("completions"),
    tokens: fields.integer("tokens"),
    thrownAway: fields.integer("thrownAway"),
    ended: fields.integer("ended"),
    // Not in records of the first versions: there a search ended by what its reward model could not read.
    unreadable: fields.has("unreadable") ? fields.integer("unreadable") : 0,
    kept: scoresIn(fields, "kept"),
  };
}

function scoresIn(fields: Fields, name: string): number[] {
  return fields.numbers(name, "a number from 0 to 1", (score) => score >= 0 && score <= 1);
}
