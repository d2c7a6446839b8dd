/** What a fine-tuning by rejection sampling says, round by round: finetune.json. */
import type { Estimate } from "./evaluation.js";

export const finetuneFile = "finetune.json";
/** Of the starting policy and of each round's, in its folder: one greedy solution of each held-out problem. */
export const greedyFile = "greedy.jsonl";

/**
 * Which solutions of a problem the policy is trained on. `top`: the one with the highest score; `top-correct`: that among the
 * right ones; `correct`: all right ones; `threshold`: all with a score of at least the threshold.
 */
export const trainingSelections = ["top", "top-correct", "correct", "threshold"] as const;
export type TrainingSelection = (typeof trainingSelections)[number];

/** A policy on the held-out problems: one greedy solution each, but for the divergence. */
export interface PolicyMeasures {
  /** Held-out problems: the n of the accuracy. */
  n: number;
  /** Share of greedy solutions that are right, with Wilson's interval. */
  accuracy: Estimate;
  /** Tokens of a greedy solution, the end token included. */
  meanTokens: number;
  meanSteps: number;
  /** Greedy solutions that the length limit cut off. */
  numCutOff: number;
  /**
   * KL(policy || start), nats a token: the sum of ln p(policy) - ln p(start) over solutions that the policy itself sampled at
   * temperature 1, nothing truncated, divided by their tokens (end tokens included). As many solutions of every held-out
   * problem (`numDivergenceSolutions`); the interval is that of the bootstrap over problems. An estimate without bias of the
   * sum, so it may come out a little below 0; exactly 0 for the start; null where no solutions are sampled for it.
   */
  divergence: Estimate;
}

/** The solutions that were sampled for training. */
export interface RoundMeasures {
  problems: number;
  solutions: number;
  /** Share of them that are right; the interval is that of the bootstrap over problems. */
  accuracy: Estimate;
  meanTokens: number;
  /** Never trained on: cut off by the length limit; without text; or (`numUnscorable`) unfit for the reward model. */
  numCutOff: number;
  numEmpty: number;
  numUnscorable: number;
  /** Mean over problems of distinct final answers (as texts; none is no answer) / solutions. */
  distinctAnswers: number;
  /** Mean over problems of distinct 4-grams of tokens / 4-grams, within solutions; null where no solution has four tokens. */
  distinctNgrams: number | null;
  /** Problems with at least one selected solution, and selected solutions. */
  problemsUsed: number;
  selected: number;
  /** Share of the selected solutions that are right; null for none. */
  selectedAccuracy: number | null;
  /** Mean solution score of all scored and of the selected solutions; null without a reward model. */
  meanScore: number | null;
  selectedScore: number | null;
}

export interface Round {
  /** From 1. */
  roundIndex: number;
  rollout: RoundMeasures;
  /** `loss`: mean of the last updates, of 20 at most, nats a token. */
  training: { learningRate: number; updates: number; tokens: number; loss: number | null };
  policy: PolicyMeasures;
}

export interface Finetuning {
  version: 1;
  selection: TrainingSelection;
  threshold?: number;
  /** What the first round starts from. */
  policyModel: { name: string; fingerprint: string };
  rewardModel?: { name: string; fingerprint: string; kind?: string; target?: string };
  aggregate?: string;
  numRounds: number;
  /** Of each problem in each round. */
  numSolutions: number;
  /** Of each held-out problem, sampled for the divergence. */
  numDivergenceSolutions: number;
  seed: number;
  level: number;
  /** Of the policy that the first round starts from. */
  start: PolicyMeasures;
  rounds: Round[];
}
