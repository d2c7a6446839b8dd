/** What the options of a command say about its reward model. */
import type { OpenedRewardModel, RewardModelOptions } from "../../reward/reward-model.js";
import { parseStepRule } from "../../text/step-rule.js";
import type { scoreOptions } from "../commands/score.js";
import type { OptionValues } from "../option.js";

export type OpenRewardModel = (model: string, options: RewardModelOptions) => Promise<OpenedRewardModel>;

type ScoreValues = OptionValues<typeof scoreOptions>;
type RewardModelValues = Pick<
  ScoreValues,
  "convention" | "stepTag" | "device" | "dtype" | "threads" | "kvMemory" | "split"
> &
  Partial<Pick<ScoreValues, "contextLength">>;

/** @throws ERPRM_INVALID_ARGUMENT for a step rule that is none */
export function rewardModelOptionsOf(values: RewardModelValues, signal: AbortSignal): RewardModelOptions {
  const { convention, stepTag, device, dtype, threads, kvMemory, contextLength, split } = values;
  return {
    ...{ convention, stepTag, device, dtype, threads, contextLength, signal },
    kvMemoryBytes: kvMemory,
    split: parseStepRule(split),
  };
}
