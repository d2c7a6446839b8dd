import type { Convention, RewardKind, RewardModelConfig } from "../../reward/convention.js";
import { type StepEncoder, stepEncoder } from "../../reward/encode-steps.js";
import { resolveConvention } from "../../reward/resolve-convention.js";
import type { PromptSettings } from "../../text/prompt.js";
import { parseStepRule } from "../../text/step-rule.js";
import type { TrainingBase } from "../../training/training-base.js";
import type { IdleFlags } from "../idle-flags.js";
import type { OptionValues } from "../option.js";
import type { rewardOptions } from "./options.js";
import type { TrainTask } from "./plan.js";

type RewardValues = OptionValues<typeof rewardOptions> & { split: string; seed: number };

interface RewardRequest {
  kind: RewardKind;
  /** `hard`, `soft`, `er:ETA`, `outcome`. */
  target: string;
  prompt: PromptSettings;
  values: RewardValues;
  /** Of the command, beside those of the tag. */
  options: Record<string, unknown>;
  examples(tools: { encoder: StepEncoder; convention: Convention }): TrainTask["examples"];
}

/** What only some losses look at. */
export function idleRewardFlags({ loss }: Pick<RewardValues, "loss">): IdleFlags[] {
  const why = `with --loss ${loss}: a value head has no candidate tokens`;
  return [{ names: ["positive", "negative"], why, when: loss !== "two-way" }];
}

/** @throws ERPRM_INVALID_ARGUMENT for a tag or candidates that are not in the model's vocabulary */
export function rewardTask({ opened, text, fingerprint }: TrainingBase, request: RewardRequest): TrainTask {
  const { kind, target, prompt, values } = request;
  const loss = values.loss;
  const given = Object.fromEntries(Object.entries(prompt).filter(([, value]) => value !== undefined));
  const isTwoWay = loss === "two-way";
  const convention = resolveConvention(
    text,
    {
      kind: isTwoWay ? "step-tag" : "classification",
      tag: values.stepTag,
      ...(isTwoWay && { positive: values.positive, negative: values.negative }),
      prompt: given,
    },
    opened.checkpoint.config.vocabularySize,
  );
  const encoder = stepEncoder(text, convention, parseStepRule(values.split));
  const rewardModel = (updates: number): RewardModelConfig => ({
    version: 1,
    kind,
    convention,
    aggregate: kind === "outcome" ? "last" : "min",
    training: { loss, target, baseModel: fingerprint, updates, seed: values.seed },
  });
  return {
    loss,
    options: { ...request.options, target, convention },
    examples: request.examples({ encoder, convention }),
    rewardModel,
    ...(convention.kind === "step-tag" && {
      candidates: {
        positive: convention.candidates.positive.tokenIds[0] as number,
        negative: convention.candidates.negative.tokenIds[0] as number,
      },
    }),
  };
}
