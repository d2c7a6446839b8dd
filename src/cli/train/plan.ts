/** What the three train commands have in common, and where they differ. */
import type { LossName } from "../../native/contract.js";
import type { RewardModelConfig } from "../../reward/convention.js";
import type { PromptSettings } from "../../text/prompt.js";
import type { BuildOptions, BuiltExamples } from "../../training/build-examples.js";
import type { TrainingExample } from "../../training/example.js";
import type { TrainingBase } from "../../training/training-base.js";

/** What is trained on what, once the model is known. */
export interface TrainTask {
  loss: LossName;
  /** Of the two-way loss. */
  candidates?: { positive: number; negative: number };
  /** What decides the results beside the options that all commands share. */
  options: Record<string, unknown>;
  examples(options: BuildOptions): Promise<BuiltExamples<TrainingExample>>;
  /** What stands in reward_model.json, for a model after so many updates. */
  rewardModel?(updates: number): RewardModelConfig;
}

export interface TrainPlan {
  kind: "policy" | "prm" | "orm";
  /** The input files by their options' names. */
  inputs: Record<string, string>;
  prompt: PromptSettings;
  task(base: TrainingBase): TrainTask;
}
