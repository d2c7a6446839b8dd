/**
 * What comes out of training: a directory in Hugging Face layout that transformers opens, with the adapter beside it where
 * one was trained, and with reward_model.json where it is a reward model. The files appear when all of them are written;
 * config.json, without which a directory is no model, is the last.
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "../data/atomic-file.js";
import { addFiles, writeSynced } from "../data/staging.js";
import type { RewardModelConfig } from "../reward/convention.js";
import { rewardModelFile, rewardModelJson } from "../reward/reward-model-config.js";
import { baseConfig, takenOverNames, writeTakenOver } from "./base-files.js";
import type { Lora } from "./lora.js";
import type { StoredType } from "./safetensors-writer.js";
import { writeAdapter } from "./save-adapter.js";
import { type ModelHead, savedConfig } from "./save-config.js";
import { isWeightFile, planWeights, writeWeights } from "./save-weights.js";
import type { TrainingEngine } from "./trainer.js";
import type { TrainingBase } from "./training-base.js";

export interface SaveOptions {
  /** How the numbers are stored. */
  type: StoredType;
  /** Of the adapter that was trained, if one was. */
  lora?: Lora | undefined;
  /** For a reward model: how to score with it. */
  rewardModel?: RewardModelConfig | undefined;
  /** Weights beyond this go into several files; default 4 GiB. */
  maxFileBytes?: number | undefined;
}

/** Names of what `saveModel` may write, weights that fill several files apart. */
export const modelFileNames = [
  "config.json",
  "model.safetensors",
  "model.safetensors.index.json",
  rewardModelFile,
  "adapter",
  ...takenOverNames,
] as const;

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/**
 * Writes the model into `directory`, which exists; weights that an earlier call left there are replaced.
 * @throws ERPRM_IO (a full disk); ERPRM_INVALID_CHECKPOINT for a .gguf base that has no form as config.json
 */
export async function saveModel(
  engine: TrainingEngine,
  base: TrainingBase,
  directory: string,
  { type, lora, rewardModel, maxFileBytes }: SaveOptions,
): Promise<void> {
  const tensors = engine.tensors();
  const head: ModelHead = tensors.some(({ name }) => name === "score.weight") ? "value-head" : "language-model";
  const without = head === "value-head" ? ["lm_head.weight"] : [];
  const files = planWeights(tensors, type, { without, ...(maxFileBytes !== undefined && { maxBytes: maxFileBytes }) });
  const write = (path: string, slots: Parameters<TrainingEngine["writeTensors"]>[1]) =>
    engine.writeTensors(path, slots);
  const config = savedConfig(base, await baseConfig(base), { head, type });
  await addFiles(directory, "config.json", async (staged) => {
    await writeWeights(staged, files, write);
    await writeTakenOver(base, staged);
    if (lora) {
      const adapter = join(staged, "adapter");
      await mkdir(adapter);
      const description = { baseName: base.name, baseFingerprint: base.fingerprint, ...lora, head };
      await writeAdapter(adapter, tensors, description, write);
      await syncDirectory(adapter);
    }
    if (rewardModel) await writeSynced(join(staged, rewardModelFile), rewardModelJson(rewardModel));
    await writeSynced(join(staged, "config.json"), json(config));
    // First what makes the directory a model, then the weights of that model.
    await rm(join(directory, "config.json"), { force: true });
    for (const name of await readdir(directory)) if (isWeightFile(name)) await rm(join(directory, name));
  });
}
