/**
 * The nouns of the product, in pipeline order: problem, solution, label, score.
 * Their JSON Lines form is the public contract (docs: "Records"); field names never differ between memory and disk.
 */

/** A question with a reference answer. */
export interface Problem {
  /** Unique in its file, for example `gsm8k-test-0`. Every random draw for the problem is keyed by it. */
  id: string;
  question: string;
  /** The reference answer: the final answer a solution must match. */
  answer: string;
  /** A worked solution, where the source has one. */
  solution?: string;
}

/** 1 = the final answer is right, 0 = it is wrong. */
export type Outcome = 0 | 1;

/** `stop`: an end token or a stop string; `length`: the token limit or the model's context was reached. */
export type FinishReason = "stop" | "length";

/** One rollout for a problem, cut into steps. The steps' texts, concatenated, are the solution's text. */
export interface Solution {
  problemId: string;
  /** Index among the solutions of the problem, from 0. */
  index: number;
  question: string;
  /** The reference answer. */
  answer: string;
  steps: string[];
  /** What `extractAnswer` found; absent when the solution states none. */
  finalAnswer?: string;
  outcome: Outcome;
  finishReason?: FinishReason;
  /** The sampled tokens; the end token is the last one when `finishReason` is `stop` by an end token. */
  tokenIds?: number[];
  /** `stepEnds[i]` = number of tokens of the solution up to and with step i. */
  stepEnds?: number[];
  /** Sum over the tokens of ln p at the sampling temperature, before truncation (top-k, top-p, min-p), in nats. */
  logProbability?: number;
}

/** The measurement behind a step's labels: how many completions were sampled from its prefix, how many were correct. */
export interface StepCounts {
  text: string;
  /** 0 = nothing was measured: the step's labels were imported and cannot be computed anew, or are inferred (`inferredFrom`). */
  numCompletions: number;
  numCorrect: number;
  /** The last step: nothing is left to complete, its counts are the solution's own outcome. */
  terminal?: true;
  /** Index of the measured step whose labels this step has too, because nothing was sampled here (first-error search). */
  inferredFrom?: number;
}

/**
 * How many completions the prefixes of a solution get. `fixed`: all the same number. `adaptive`: a prefix gets more until
 * the nominal 95 % interval of its label has at most this half-width, or it has `maxCompletions`. `gain`: until one more is expected
 * to lower the squared error of its label by at most `gain`. `first-error`: as `fixed`, but of
 * a wrong solution only the prefixes that a binary search for the first one without a correct completion visits; with
 * `minCompletions`, a prefix that has so many gets no more once one of them is correct, which settles its hard label.
 */
export type Allocation =
  | { kind: "fixed"; numCompletions: number }
  | { kind: "adaptive"; label: LabelName; tolerance: number; minCompletions: number; maxCompletions: number }
  | { kind: "gain"; label: LabelName; gain: number; minCompletions: number; maxCompletions: number }
  | { kind: "first-error"; numCompletions: number; minCompletions?: number };

/**
 * How labels are computed from counts. `plug-in`: the label of the share of correct completions. `posterior`: the mean of
 * the label over the posterior of the success rate, whose prior is Beta(prior[0], prior[1]).
 */
export type Estimator = { kind: "plug-in" } | { kind: "posterior"; prior: readonly [number, number] };

/** `hard` (any completion correct), `soft` (mean outcome), `er:ETA` (log-mean-exp with that eta). */
export type LabelName = "hard" | "soft" | `er:${number}`;

/** Where an imported record came from: what its format holds and this product has no field for, kept for the way back. */
export interface Origin {
  format: string;
  fields: Record<string, unknown>;
}

/** A solution with the labels of its steps. Every label is a function of the counts, unless it was imported (`origin`). */
export interface LabelRecord {
  problemId: string;
  index: number;
  question: string;
  /** The reference answer; absent only in imported records whose format has none. */
  answer?: string;
  /** Absent only in imported records whose format does not tell. */
  outcome?: Outcome;
  finalAnswer?: string;
  steps: StepCounts[];
  /** One value in [0, 1] a step, by label name. */
  labels: Record<string, number[]>;
  /** One standard error a step, by label name (`hard` has none). */
  standardErrors?: Record<string, number[]>;
  /** Absent: the same number of completions for every prefix. */
  allocation?: Allocation;
  /** Absent: plug-in. */
  estimator?: Estimator;
  origin?: Origin;
}

/** One completion of a prefix, kept for people to read. */
export interface CompletionRecord {
  problemId: string;
  /** Of the solution. */
  index: number;
  /** The prefix ends with this step. */
  stepIndex: number;
  /** Index among the completions of the prefix, from 0. */
  completionIndex: number;
  /** What follows the prefix. */
  text: string;
  outcome: Outcome;
  finishReason: FinishReason;
}

/** How step scores become one score for the solution. */
export type Aggregate = "min" | "last" | "mean" | "product";

/** A solution with the step scores of one reward model. */
export interface ScoreRecord {
  problemId: string;
  index: number;
  /** The reward model, as it was named. */
  model: string;
  /** One score in (0, 1) a step. */
  stepScores: number[];
  scores: Record<Aggregate, number>;
}
