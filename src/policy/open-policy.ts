/** From a model's name to what a policy is made of: its files, its text side and the addon. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ErprmError } from "../errors.js";
import { type FileStamp, stampFiles } from "../model/file-stamps.js";
import { openModel } from "../model/open-model.js";
import type { Checkpoint, NativeAddon } from "../native/contract.js";
import { loadNative } from "../native/loader.js";
import type { TextModel } from "../text/text-model.js";
import { loadModelText } from "./model-text.js";

export interface PolicyFiles {
  checkpoint: Checkpoint;
  /** Of the files of the weights. */
  stamps: readonly FileStamp[];
  text: TextModel;
  fingerprint: string;
  notes: readonly string[];
  addon: NativeAddon;
}

export async function openPolicyFiles(
  model: string,
  options: { contextLength?: number | undefined; signal?: AbortSignal | undefined },
): Promise<PolicyFiles> {
  const opened = await openModel(model, { contextLength: options.contextLength, signal: options.signal });
  if (opened.checkpoint.valueHead.length > 0) {
    throw new ErprmError(
      "ERPRM_INVALID_CHECKPOINT",
      `Expected a language model, found the reward model ${opened.path}: it has a value head in the place of the output matrix, so it scores steps and writes no text`,
      { path: opened.path },
    );
  }
  const text = await loadModelText(opened);
  return {
    checkpoint: opened.checkpoint,
    stamps: await stampFiles(opened.checkpoint.files),
    text,
    fingerprint: opened.fingerprint,
    notes: isRewardModel(opened.path) ? [...opened.notes, asPolicy(opened.path)] : opened.notes,
    // Last: what is wrong with the model is said even where the addon was not built yet.
    addon: loadNative(),
  };
}

/** One that kept the output matrix: it can write, so this is no error. */
function isRewardModel(path: string): boolean {
  return existsSync(join(path, "reward_model.json"));
}

function asPolicy(path: string): string {
  return `${path} is a reward model (reward_model.json is in it): it was trained to score steps, and what it writes says little; its base model is the policy`;
}
