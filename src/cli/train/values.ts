/** From option values to what the train stage and the trainer take, defaults that depend on model and data filled in. */
import { failArgument } from "../../check.js";
import { expectedTensors } from "../../model/expected-tensors.js";
import { type Lora, type LoraTarget, loraTargets } from "../../training/lora.js";
import type { StoredType } from "../../training/safetensors-writer.js";
import type { Schedule } from "../../training/schedule.js";
import type { TrainingBase } from "../../training/training-base.js";
import type { IdleFlags } from "../idle-flags.js";
import type { OptionValues } from "../option.js";
import { type epochsOption, type trainOptions, usualTokensPerBatch } from "./options.js";

export type TrainValues = OptionValues<typeof trainOptions> &
  OptionValues<readonly [ReturnType<typeof epochsOption<number>>]>;

export const storedTypes = { f32: "F32", bf16: "BF16", f16: "F16" } as const satisfies Record<string, StoredType>;

/** Of a new adapter; undefined: there is none. @throws ERPRM_INVALID_ARGUMENT for layers that have no such name */
export function loraOf({
  loraRank,
  loraAlpha,
  loraTargets: list,
}: Pick<TrainValues, "loraRank" | "loraAlpha" | "loraTargets">): Lora | undefined {
  if (loraRank === 0) return undefined;
  const names = list.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !loraTargets.includes(name as LoraTarget));
  if (unknown !== undefined) failArgument("--lora-targets", `among ${loraTargets.join(", ")}`, unknown);
  const targets = loraTargets.filter((target) => names.includes(target));
  return { rank: loraRank, alpha: loraAlpha ?? 2 * loraRank, targets };
}

export function idleTrainFlags({
  loraRank,
  heldOut,
  adapter,
}: Pick<TrainValues, "loraRank" | "heldOut" | "adapter">): IdleFlags[] {
  return [
    {
      names: ["lora-rank", "lora-alpha", "lora-targets"],
      why: "with --adapter: they are the adapter's own",
      when: adapter !== undefined,
    },
    {
      names: ["lora-alpha", "lora-targets"],
      why: "without --lora-rank: all weights are trained",
      when: loraRank === 0 && adapter === undefined,
    },
    {
      names: ["early-stopping", "evaluate-every"],
      why: "with --held-out 0: no problems are held out",
      when: heldOut === 0,
    },
  ];
}

/** Numbers of the network, an output matrix that is tied to the embedding counted once. */
export function numParameters({ opened }: TrainingBase): number {
  const { config, valueHead } = opened.checkpoint;
  const shapes = [...expectedTensors(config, valueHead).values()];
  return shapes.reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/**
 * Larger models want smaller rates; weights that were drawn larger ones, and adapters too: an update of theirs reaches a weight
 * as a product with a small matrix, whether they are new or were trained before. Measured with builtin:tiny on the labels of 960
 * solutions: at 0.001 the held-out loss ends above where it began, at 0.0003 far below. An adapter that a training on 600
 * solutions left at 0.5965 comes to 0.5934 at 0.0001, 0.5793 at 0.0003, 0.5733 at 0.0009 and 0.5918 at 0.002.
 */
export function defaultLearningRate(
  parameters: number,
  { init, hasAdapter }: Pick<TrainValues, "init"> & { hasAdapter: boolean },
): number {
  const rate = parameters < 1e7 ? 3e-4 : parameters < 3e8 ? 1e-4 : parameters < 3e9 ? 3e-5 : 1e-5;
  // To three digits: the sum of 1e-4 three times is not 3e-4.
  return hasAdapter || init === "random" ? Number((3 * rate).toPrecision(3)) : rate;
}

/** @throws ERPRM_INVALID_ARGUMENT for more than the model's context, where it would end in the middle of training */
export function maxLengthOf({ maxLength }: Pick<TrainValues, "maxLength">, { opened }: TrainingBase): number {
  const { contextLength } = opened.checkpoint.config;
  if (maxLength === undefined) return Math.min(contextLength, 4096);
  if (maxLength <= contextLength) return maxLength;
  return failArgument("--max-length", `at most ${contextLength}, the model's context`, maxLength);
}

/**
 * Most tokens of a micro-batch. Several ranks divide an update by its micro-batches: about eight of them, so that up to eight
 * ranks have work. It does not depend on how many ranks there are, and therefore the results do not.
 */
export function batchTokens(
  { tokensPerBatch }: Pick<TrainValues, "tokensPerBatch">,
  tokensPerUpdate: number,
  hasRanks: boolean,
): number {
  if (tokensPerBatch !== undefined || !hasRanks) return tokensPerBatch ?? usualTokensPerBatch;
  return Math.min(usualTokensPerBatch, Math.ceil(tokensPerUpdate / 8));
}

export function scheduleOf(values: TrainValues, peak: number): Schedule {
  return { shape: values.schedule, peak, warmup: values.warmup };
}
