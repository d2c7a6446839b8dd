/** One sequence of a training run, and what each of its positions is trained towards. */

interface CommonExample {
  problemId: string;
  /** Index of the solution among those of the problem. */
  index: number;
  tokenIds: Int32Array;
  /** [P] indices into `tokenIds`, ascending: the positions that enter the loss. */
  positions: Int32Array;
  /** [P] above 0: share of the position in the loss, relative to all others of the update. */
  weights: Float32Array;
}

/** For a policy: position p is trained towards the token after it. */
export interface PolicyExample extends CommonExample {
  kind: "policy";
  /** [P] */
  tokens: Int32Array;
}

/** For a reward model: one position a step (process) or the last step alone (outcome). */
export interface RewardExample extends CommonExample {
  kind: "reward";
  /** [P] in [0, 1]: the target. */
  labels: Float32Array;
  /** [P] in [0, 1]: the share of completions that were right, whatever the target; the outcome at the last step. */
  successRates: Float32Array;
  /** [P] completions behind the rate, at least 1. */
  numCompletions: Int32Array;
}

export type TrainingExample = PolicyExample | RewardExample;
