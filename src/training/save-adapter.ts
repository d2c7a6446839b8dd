/**
 * The adapter alone, as the PEFT library reads it: adapter_config.json and adapter_model.safetensors, whose names are those
 * of the base model behind `base_model.model.`; a value head stands beside the adapter, whole.
 */
import { join } from "node:path";
import { writeSynced } from "../data/staging.js";
import type { TrainerTensor } from "../native/contract.js";
import { adapterConfigName, adapterPrefix, adapterWeightsName, baseFingerprintKey } from "./adapter-files.js";
import { type TensorPlan, type WriteInPlace, writeSafetensors } from "./safetensors-writer.js";
import type { ModelHead } from "./save-config.js";

export interface AdapterDescription {
  /** The base model as the user named it: where it lies on this machine is of no use on another. */
  baseName: string;
  /** SHA-256 of the base model's files: kept in the file, so that the adapter can be held against a base. */
  baseFingerprint: string;
  rank: number;
  alpha: number;
  targets: readonly string[];
  head: ModelHead;
}

/** The tensors of the adapter file, f32. */
export function planAdapter(tensors: readonly TrainerTensor[], head: ModelHead): TensorPlan[] {
  return tensors
    .filter(({ name, kind }) => kind === "adapter" || (head === "value-head" && /^score\./.test(name)))
    .filter(({ kind }) => kind !== "moment")
    .map(({ name, shape }) => ({ name: `${adapterPrefix}${name}`, source: name, shape, type: "F32", merged: false }));
}

export function adapterConfig({ baseName, rank, alpha, targets, head }: AdapterDescription): Record<string, unknown> {
  const hasHead = head === "value-head";
  return {
    peft_type: "LORA",
    task_type: hasHead ? "TOKEN_CLS" : "CAUSAL_LM",
    base_model_name_or_path: baseName,
    revision: null,
    inference_mode: true,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: 0,
    target_modules: [...targets],
    modules_to_save: hasHead ? ["score"] : null,
    bias: "none",
    fan_in_fan_out: false,
    init_lora_weights: true,
    use_rslora: false,
    use_dora: false,
    rank_pattern: {},
    alpha_pattern: {},
    layers_to_transform: null,
    layers_pattern: null,
  };
}

/** @throws ERPRM_IO, and what `write` throws */
export async function writeAdapter(
  directory: string,
  tensors: readonly TrainerTensor[],
  description: AdapterDescription,
  write: WriteInPlace,
): Promise<void> {
  const metadata = { format: "pt", [baseFingerprintKey]: description.baseFingerprint };
  const plan = planAdapter(tensors, description.head);
  await writeSafetensors(join(directory, adapterWeightsName), plan, write, metadata);
  const config = `${JSON.stringify(adapterConfig(description), null, 2)}\n`;
  await writeSynced(join(directory, adapterConfigName), config);
}
