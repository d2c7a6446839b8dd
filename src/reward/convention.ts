/**
 * How a reward model is asked for the scores of steps: which tokens it reads, where the score of a step stands, and what
 * turns the model's numbers into it. The same convention places the labels in training.
 */
import type { PromptSettings } from "../text/prompt.js";

/** A piece of text that the model reads as these tokens, appended as they are, never encoded together with a step. */
export interface TokenText {
  text: string;
  tokenIds: number[];
}

/** The tokens whose logits decide: p = softmax(positive, negative)[0]. */
export interface Candidates {
  positive: TokenText;
  negative: TokenText;
}

interface CommonConvention {
  prompt: PromptSettings;
}

/** How other projects' models saw the text of the steps around their tags. */
export interface TagLayout {
  /** The text between a tag and the next step: "\n" (Math-Shepherd) or "" (ER-PRM, Qwen, TRL). White space around steps is dropped. */
  afterTag: string;
  /** True: the prompt and every step are encoded each on its own (TRL). False: as they stand in running text. */
  apart: boolean;
}

interface TaggedConvention extends CommonConvention {
  tag: TokenText;
  /**
   * Absent, as in models of our own: the solution's tokens are those of its text, encoded once and cut at token ends, and
   * the tag follows each step's last token, that of its delimiter.
   */
  layout?: TagLayout | undefined;
}

/** A tag after every step; the logits at its last token are compared (Math-Shepherd, ER-PRM). */
export interface StepTagConvention extends TaggedConvention {
  kind: "step-tag";
  candidates: Candidates;
}

/** A conversation: each step is a user's turn, each answer is the positive candidate; the logits that predict it are compared (RLHFlow). */
export interface ChatConvention extends CommonConvention {
  kind: "chat";
  candidates: Candidates;
}

/** A value head read at a separator after every step (Qwen2.5-Math-PRM, TRL's token classification, our own value heads). */
export interface ClassificationConvention extends TaggedConvention {
  kind: "classification";
  /** One output: its sigmoid. Several: the softmax of this class. */
  positiveClass: number;
}

export type Convention = StepTagConvention | ChatConvention | ClassificationConvention;
export type ConventionKind = Convention["kind"];
export const conventionKinds = ["step-tag", "chat", "classification"] as const satisfies readonly ConventionKind[];

/** What a model is trained to predict: the label of every step, or the outcome at the last one. */
export type RewardKind = "process" | "outcome";

/** `reward_model.json` beside the weights: how to score with the model, and what it was trained on. */
export interface RewardModelConfig {
  version: 1;
  kind: RewardKind;
  convention: Convention;
  /** Aggregate that `erprm score` and `evaluate` use unless told otherwise. */
  aggregate: "min" | "last" | "mean" | "product";
  /** Absent in a file written by hand for somebody else's model. */
  training?:
    | {
        loss: string;
        /** `hard`, `soft`, `er:ETA`; `outcome` for an outcome reward model. */
        target: string;
        /** Fingerprint of the model that training began with. */
        baseModel: string;
        updates: number;
        seed: number;
      }
    | undefined;
}
