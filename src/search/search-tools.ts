/** What the algorithms ask of the world, so that they themselves are arithmetic: samples, scores, and a record of both. */
import type { Prefix, ScoredPrefix } from "./prefix.js";

export interface StepRequest {
  prefix: Prefix;
  /** Coordinates of the random draws, beside the problem and the seed: place among the kept prefixes, and depth from 0. */
  slot: number;
  level: number;
  numCompletions: number;
  /** Nothing beyond so many tokens is of use: a completion may be cut off there, in the middle of a step. */
  maxTokens: number;
}

/** A prefix and the one step that was sampled behind it. */
export interface SampledStep {
  prefix: Prefix;
  /** Tokens sampled for the step, those behind its end included, which were thrown away. */
  numTokens: number;
}

/** The completions of every request, in order. A completion depends on its request and its index alone. */
export type StepSampler = (requests: readonly StepRequest[]) => Promise<SampledStep[][]>;

export interface SolutionRequest {
  /** Index of the first solution wanted. */
  first: number;
  numSolutions: number;
  /** As of `StepRequest`. */
  maxTokens: number;
}

/** Whole solutions, in order. Solution i depends on i alone. */
export type SolutionSampler = (request: SolutionRequest) => Promise<SampledStep[]>;

/** One score a step of each prefix, undefined for one that the reward model cannot read; prefixes have at least one step. */
export type PrefixScorer = (prefixes: readonly Prefix[]) => Promise<(readonly number[] | undefined)[]>;

/** One extension of all live prefixes by one step; in best-of-N, some whole solutions. */
export interface Level {
  /** Prefixes that were extended. */
  prefixes: number;
  /** Completions that the budget held. */
  completions: number;
  /** Tokens sampled for them, and for the one that the budget cut off. */
  tokens: number;
  /** Those of them that were sampled behind the end of a step. */
  thrownAway: number;
  /** Completions that ended the solution. */
  ended: number;
  /** Completions that the reward model cannot read: without a score they are neither kept nor found. */
  unreadable: number;
  /** Scores of the prefixes kept, the ended ones among them, best first; of best-of-N the best one so far. */
  kept: number[];
}

/** Why a search ended: every prefix that was kept had ended, or a limit. */
export const searchEnds = ["all-ended", "budget", "max-steps", "max-solutions"] as const;
export type SearchEnd = (typeof searchEnds)[number];

export interface SearchResult {
  /** Without step scores and with score 0 where nothing that was sampled could be read: it is then the first. */
  chosen: ScoredPrefix;
  /** Index of the chosen one in `solutions`; absent when it is a prefix that had not ended, or that could not be read. */
  chosenIndex?: number;
  /** All that ended and have a score, in the order they were sampled in. */
  solutions: ScoredPrefix[];
  levels: Level[];
  /** At most the budget. */
  tokens: number;
  end: SearchEnd;
}
