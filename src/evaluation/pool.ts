/** What an evaluation is computed from: a pool of graded candidates for every problem, with the scores of every model. */
import type { Aggregate, Outcome } from "../types.js";

/** One solution of a problem. */
export interface Candidate {
  outcome: Outcome;
  /** Group of the final answer among the problem's candidates, from 0; -1: no answer is stated, it has no vote. */
  answerGroup: number;
  numSteps: number;
  /** Solution scores, one for each model in the order of the pool's `models`. */
  scores: readonly Readonly<Record<Aggregate, number>>[];
}

export interface PooledProblem {
  problemId: string;
  /** At least one. Their order decides which of them a random subset has, never a tie. */
  candidates: readonly Candidate[];
}

export interface CandidatePool {
  /** Names of the models, unique. */
  models: readonly string[];
  problems: readonly PooledProblem[];
}

/** A solution in which the first wrong step is to be found. */
export interface FirstErrorCase {
  /** Problems are drawn as a whole: solutions of one share its id. */
  problemId: string;
  /** Step, from 0; -1: every step is right. */
  firstWrong: number;
  /** One a step, of one model. */
  stepScores: readonly number[];
}
