/** What a fine-tuning by rejection sampling says, round by round: finetune.json. */
import type { Estimate } from "./evaluation.js";

/**
 * Which solutions of a problem the policy is trained on. `top`: the one with the highest score; `top-correct`: that among the
 * right ones; `correct`: all right ones; `threshold`: all with a score of at least the threshold.
 */
export const trainingSelections = ["top", "top-correct", "correct", "threshold"] as const;
export type TrainingSelection = (typeof trainingSelections)[number];

/** A policy on the held-out problems, decoded greedily. */
export interface PolicyMeasures {
  /** Held-out problems: the n of the accuracy. */
  n: number;
  accuracy: Estimate;
  /** Tokens of a greedy solution. */
  meanTokens: number;
  meanSteps: number;
  /** Mean over solutions of the starting policy's ln p minus this policy's ln p, negated: KL(policy || start), nats a token; 0 for the start. */
  divergence: Estimate;
}

/** The solutions that were sampled for training. */
export interface RoundMeasures {
  problems: number;
  solutions: number;
  /** Share of them that are right. */
  accuracy: Estimate;
  /** Mean over problems of distinct final answers / solutions, and of distinct 4-grams of tokens / 4-grams. */
  distinctAnswers: number;
  distinctNgrams: number;
  /** Problems with at least one selected solution, and selected solutions. */
  problemsUsed: number;
  selected: number;
  /** Share of the selected solutions that are right. */
  selectedAccuracy: number | null;
}

export interface Round {
  /** From 1. */
  roundIndex: number;
  rollout: RoundMeasures;
  training: { updates: number; tokens: number; loss: number | null };
  policy: PolicyMeasures;
}

export interface Finetuning {
  version: 1;
  selection: TrainingSelection;
  threshold?: number;
  rewardModel?: { name: string; fingerprint: string; kind?: string; target?: string };
  aggregate?: string;
  numRounds: number;
  seed: number;
  level: number;
  /** Of the policy that the first round starts from. */
  start: PolicyMeasures;
  rounds: Round[];
}
