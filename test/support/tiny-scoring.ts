/** Small random models as reward models, and solutions for them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import type { ScorableSolution } from "../../src/data/read-scorable.js";
import type { ClassificationConvention, RewardModelConfig } from "../../src/reward/convention.js";
import { RewardModel, type RewardModelOptions } from "../../src/reward/reward-model.js";
import { rewardModelJson } from "../../src/reward/reward-model-config.js";
import { byteConvention } from "./fake-reward-model.js";

/** Loads the model of the directory; disposed of when the test ends. */
export async function loadTinyRewardModel(
  t: ExecutionContext,
  directory: string,
  options: RewardModelOptions = {},
): Promise<RewardModel> {
  const rewardModel = await RewardModel.load(directory, { threads: 1, kvMemoryBytes: 64 << 20, ...options });
  t.teardown(() => rewardModel.dispose());
  return rewardModel;
}

/** Makes a directory with weights a reward model of ours. */
export async function writeTinyConfig(directory: string, more: Partial<RewardModelConfig> = {}): Promise<void> {
  const config = { version: 1, kind: "process", convention: byteConvention, aggregate: "min", ...more } as const;
  await writeFile(join(directory, "reward_model.json"), rewardModelJson(config));
}

/** For the value heads of random models. */
export const byteClassification: ClassificationConvention = {
  kind: "classification",
  prompt: { template: "Q: {question}\nA:" },
  tag: { text: "*", tokenIds: [42] },
  positiveClass: 1,
};

/** Of lengths from about 30 to 220 tokens, several of one question. */
export const tinySolutions: ScorableSolution[] = Array.from({ length: 24 }, (_, i) => ({
  problemId: `p${i >> 2}`,
  index: i % 4,
  question: `${i >> 2} + ${3 * (i >> 2)}, and again?`,
  steps: Array.from({ length: 1 + (i % 4) }, (_, step) => `Now ${"we add ".repeat((i * 5 + step) % 7)}${i + step}.\n`),
}));
