/** The model that training starts from: its files, its text side, and the addon that will train it. */
import type { OpenedModel } from "../model/open-model.js";
import { openModel } from "../model/open-model.js";
import type { NativeAddon } from "../native/contract.js";
import { loadNative } from "../native/loader.js";
import { loadModelText } from "../policy/model-text.js";
import type { TextModel } from "../text/text-model.js";

export interface TrainingBase {
  /** As the user named it. */
  name: string;
  opened: OpenedModel;
  text: TextModel;
  /** SHA-256 of the model's files, 64 hexadecimal digits. */
  fingerprint: string;
  notes: readonly string[];
  addon: NativeAddon;
}

export interface OpenBaseOptions {
  /** `random`: the weights are drawn anew, the model's own need not be there. Default `pretrained`. */
  init?: "pretrained" | "random" | undefined;
  /** Longest sequence in tokens; the model's own when absent. */
  contextLength?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Finds and checks the model without reading its weights, but for the fingerprint. `loadAddon`: for other engines.
 * @throws as `openModel` and `loadModelText`; ERPRM_NATIVE_MISSING
 */
export async function openTrainingBase(
  name: string,
  { init = "pretrained", contextLength, signal }: OpenBaseOptions = {},
  loadAddon: () => NativeAddon = loadNative,
): Promise<TrainingBase> {
  const opened = await openModel(name, {
    contextLength,
    signal,
    weights: init === "random" ? "optional" : "required",
  });
  const text = await loadModelText(opened);
  const { fingerprint, notes } = opened;
  // Last: what is wrong with the model is said even where the addon was not built yet.
  return { name, opened, text, fingerprint, notes, addon: loadAddon() };
}
