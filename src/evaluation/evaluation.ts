/** What an evaluation says: evaluation.json, and what its tables and the report are made from. */

import type { Estimate } from "../statistics/bootstrap.js";
import type { CorrectedPValue } from "../statistics/corrected-p-values.js";
import type { Bounds } from "../statistics/share-interval.js";
import type { Aggregate } from "../types.js";
import type { CountBias } from "./count-bias.js";

export type { Estimate } from "../statistics/bootstrap.js";
export type { Bounds } from "../statistics/share-interval.js";
export type { CountBias } from "./count-bias.js";

/**
 * How one answer is chosen from N candidates. `pass@1`: any of them, at random; `majority`: the most frequent answer;
 * `best-of-n`: the highest solution score; `weighted-vote`: the answer with the largest sum of scores; `pass@n`: the best
 * choice possible.
 */
export const selectionRules = ["pass@1", "majority", "best-of-n", "weighted-vote", "pass@n"] as const;
export type SelectionRule = (typeof selectionRules)[number];

/** A selection rule with what it scores by; a reward model and an aggregate belong to `best-of-n` and `weighted-vote` only. */
export interface Method {
  rule: SelectionRule;
  model?: string;
  aggregate?: Aggregate;
}

/** `exact`: the expectation over all N-subsets of the candidates; `resampled`: the mean over subsets drawn at random. */
export type Computation = "exact" | "resampled";

export interface AccuracyPoint {
  /** N, candidates to choose from. */
  numCandidates: number;
  accuracy: Estimate;
  computation: Computation;
  /** Problems with at least N candidates: the n of the accuracy. */
  numProblems: number;
}

export interface MethodResult {
  method: Method;
  points: AccuracyPoint[];
}

/**
 * Accuracy of `first` minus that of `second`, paired by problem. p-values are two-sided, by sign flips of the problems' differences,
 * null for fewer than two problems; Holm's correction is over all comparisons of the evaluation.
 */
export interface Comparison extends CorrectedPValue {
  first: Method;
  second: Method;
  numCandidates: number;
  numProblems: number;
  difference: Estimate;
}

export interface ReliabilityBin {
  low: number;
  high: number;
  /** Prefixes. */
  n: number;
  meanScore: number;
  meanSuccessRate: number;
  /** Absent in files that were written before there were any; so below. */
  meanScoreInterval?: Bounds;
  meanSuccessRateInterval?: Bounds;
}

/** Step scores against the success rates of completions from the same prefixes. */
export interface CalibrationResult {
  model: string;
  /** Prefixes, and the problems they are of. */
  n: number;
  numProblems: number;
  brierScore: Estimate;
  /** Of the best constant score. */
  constantBrierScore: Estimate;
  areaUnderCurve: Estimate;
  calibrationError: Estimate;
  bins: ReliabilityBin[];
  /** What biases the success rates, of any of the prefixes; absent: nothing. */
  countBiases?: CountBias[];
}

/**
 * Finding the first wrong step, as ProcessBench defines it: the first step with a score below the threshold, none = all
 * right. F1 = 2 a b / (a + b) with a the accuracy on solutions with a wrong step (the very step must be found), b that on
 * those without.
 */
export interface FirstErrorResult {
  model: string;
  /** Where the first wrong steps are known from: the name of a file in ProcessBench form, `labels`, or `mean`, of several files. */
  data: string;
  threshold: number;
  /**
   * `split`: chosen for the best F1 on another part of the data (`numThresholdSolutions`); `default`: 0.5, the data being too
   * few to choose one.
   */
  thresholdFrom: "given" | "split" | "default";
  numThresholdSolutions: number;
  numWrong: number;
  numRight: number;
  /** Of `labels`: solutions that are not among these, for the counts do not tell their first wrong step. */
  numLeftOut?: number;
  accuracyWrong: Estimate;
  accuracyRight: Estimate;
  f1: Estimate;
  /** Of `labels`: what biases the counts of any of the solutions; absent: nothing. */
  countBiases?: CountBias[];
}

export interface LengthGroup {
  /** Steps of the solutions in this group, from .. to. */
  from: number;
  to: number;
  n: number;
  meanScore: number;
  accuracy: number;
  meanScoreInterval?: Bounds;
  accuracyInterval?: Bounds;
}

/** How solution scores depend on the number of steps. */
export interface LengthResult {
  model: string;
  aggregate: Aggregate;
  /** Solutions. */
  n: number;
  /** Spearman's rank correlation of score and number of steps, over all solutions, the right and the wrong ones. */
  correlation: Estimate;
  correlationRight: Estimate;
  correlationWrong: Estimate;
  groups: LengthGroup[];
}

/** Whether solution scores tell right candidates from wrong ones. */
export interface DiscriminationResult {
  model: string;
  aggregate: Aggregate;
  /** Problems with right and with wrong candidates. */
  numProblems: number;
  /** Share of pairs of a right and a wrong candidate of one problem in which the right one has the higher score; mean over problems. */
  areaWithinProblems: Estimate;
  /** Solutions. */
  n: number;
  /** The same over all pairs of candidates of all problems: knowing which problems are hard counts too. */
  areaOverall: Estimate;
}

export interface EvaluatedModel {
  /** Unique in the evaluation; how the other parts refer to it. */
  name: string;
  /** Where the scores come from: a reward model, or a file of scores. */
  source: "model" | "scores";
  path: string;
  /** SHA-256 of the model's files, or of the file of scores. */
  fingerprint: string;
  /** As reward_model.json says, where there is one. */
  kind?: string;
  target?: string;
}

export interface Evaluation {
  version: 1;
  numProblems: number;
  numSolutions: number;
  /** Solutions with a right final answer, and without any final answer. */
  numRight: number;
  numWithoutAnswer: number;
  /** Fewest and most solutions of a problem. */
  solutionsPerProblem: [number, number];
  /** The Ns, ascending. */
  numCandidates: number[];
  models: EvaluatedModel[];
  /** Of every interval, for example 0.95. */
  level: number;
  seed: number;
  /** Draws of the bootstrap over problems, of the sign flips, and subsets of a problem where there is no closed form. */
  numBootstrap: number;
  numFlips: number;
  numSubsets: number;
  methods: MethodResult[];
  comparisons: Comparison[];
  calibration: CalibrationResult[];
  firstErrors: FirstErrorResult[];
  lengths: LengthResult[];
  discriminations: DiscriminationResult[];
}
