/**
 * The records of training.jsonl. Everything in them follows from the inputs, the options and the seed; speeds and memory do
 * not and are therefore not here.
 */
import type { Measures } from "../statistics/measures.js";

/** One optimizer application. */
export interface UpdateRecord {
  kind: "update";
  /** From 1. */
  updateIndex: number;
  /** From 0. */
  epoch: number;
  /** Weighted mean over the update's positions, of the model before the update. */
  loss: number;
  learningRate: number;
  /** Before clipping. */
  gradientNorm: number;
  /** Tokens of the update's sequences, prompts included. */
  tokens: number;
  /** Positions that entered the loss. */
  positions: number;
}

/** The model after `updateIndex` updates (0: before the first) on the problems that are held out. */
export interface HeldOutRecord {
  kind: "held-out";
  updateIndex: number;
  /** Weighted mean, as in training. */
  loss: number;
  /** Solutions and positions that were evaluated. */
  solutions: number;
  positions: number;
  /** For reward models: how good the step scores are as probabilities; see measures.ts. */
  measures?: Measures | undefined;
}

export type TrainingRecord = UpdateRecord | HeldOutRecord;
