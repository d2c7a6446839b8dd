/** Whether an adapter belongs to a base model and a loss, from fingerprints, names and shapes alone: before anything is computed. */
import { expectedTensors } from "../model/expected-tensors.js";
import { failCheckpoint } from "../model/stored-tensor.js";
import type { LossName } from "../native/contract.js";
import type { Lora, LoraTarget } from "./lora.js";
import type { OpenedAdapter } from "./open-adapter.js";
import { lossHasValueHead } from "./trainer.js";
import type { TrainingBase } from "./training-base.js";

/** What a training with this adapter trains, by the names of the base model: name -> shape. */
export function adapterShapes(
  { opened }: Pick<TrainingBase, "opened">,
  { rank, targets }: Lora,
  loss: LossName,
): Map<string, number[]> {
  const { config } = opened.checkpoint;
  const shapes = new Map<string, number[]>();
  for (const [name, [outputs = 0, inputs]] of expectedTensors(config)) {
    const [, layer = "", part = ""] = /^(.*\.(\w+))\.weight$/.exec(name) ?? [];
    if (inputs === undefined || !targets.includes(part as LoraTarget)) continue;
    shapes.set(`${layer}.lora_A.weight`, [rank, inputs]);
    shapes.set(`${layer}.lora_B.weight`, [outputs, rank]);
  }
  if (lossHasValueHead(loss)) {
    shapes.set("score.weight", [1, config.hiddenSize]);
    shapes.set("score.bias", [1]);
  }
  return shapes;
}

/** @throws ERPRM_INVALID_CHECKPOINT {file, ...}: of another base, of another kind of model, or with other tensors than it says */
export function expectAdapterFits(
  adapter: OpenedAdapter,
  base: Pick<TrainingBase, "name" | "fingerprint" | "opened">,
  loss: LossName,
): void {
  expectSameBase(adapter, base);
  expectHead(adapter, loss);
  const { tensors, weightsPath, lora } = adapter;
  const shapes = adapterShapes(base, lora, loss);
  const remedy = `: the adapter is of another base model${named(adapter)}, or its files do not belong together`;
  for (const [name, shape] of shapes) {
    const tensor = tensors.get(name);
    const found = tensor ? `[${tensor.shape.join(", ")}]` : "nothing";
    if (tensor?.shape.join() === shape.join()) continue;
    failCheckpoint(
      weightsPath,
      `Expected tensor ${name} to be [${shape.join(", ")}] for ${base.name} and rank ${lora.rank}, found ${found}${remedy}`,
      { tensor: name, expectedShape: shape, foundShape: tensor?.shape },
    );
  }
  for (const [name, { shape, type }] of tensors) {
    if (!shapes.has(name)) {
      const message = `Expected only adapters on ${lora.targets.join(", ")} of ${base.name}, found tensor ${name} [${shape.join(", ")}]${remedy}`;
      failCheckpoint(weightsPath, message, { tensor: name, foundShape: shape });
    }
    if (!["F32", "BF16", "F16"].includes(type)) {
      failCheckpoint(weightsPath, `Expected tensor ${name} to be F32, BF16 or F16, found ${type}`, { tensor: name });
    }
  }
}

function expectSameBase(
  adapter: OpenedAdapter,
  { name, fingerprint }: Pick<TrainingBase, "name" | "fingerprint">,
): void {
  const { baseFingerprint, weightsPath } = adapter;
  if (baseFingerprint === undefined || baseFingerprint === fingerprint) return;
  const brief = (digits: string) => digits.slice(0, 12);
  failCheckpoint(
    weightsPath,
    `Expected an adapter for ${name} (fingerprint ${brief(fingerprint)}), found one for another base model${named(adapter)} (${brief(baseFingerprint)}): name the base model that it was trained on with --model, or train the merged model beside it without --adapter`,
    { expected: fingerprint, found: baseFingerprint },
  );
}

function expectHead({ tensors, weightsPath }: OpenedAdapter, loss: LossName): void {
  const isWanted = lossHasValueHead(loss);
  const isThere = tensors.has("score.weight");
  if (isWanted === isThere) return;
  const message = isWanted
    ? `Expected an adapter with a value head (score.weight) for the ${loss} loss, found one without: it was trained for the output matrix (two-way or next-token); train its merged model to give that a value head`
    : `Expected an adapter without a value head for the ${loss} loss, found score.weight: it was trained with the binary or the squared loss`;
  failCheckpoint(weightsPath, message, { tensor: "score.weight", loss });
}

function named({ basePath }: OpenedAdapter): string {
  return basePath === undefined ? "" : `, ${basePath}`;
}
