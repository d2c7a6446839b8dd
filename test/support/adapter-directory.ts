/** Writes LoRA adapters as the PEFT library does, for tests; a test may bend the config, the tensors or their types. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { adapterShapes } from "../../src/training/adapter-fit.js";
import type { Lora } from "../../src/training/lora.js";
import type { TrainingBase } from "../../src/training/training-base.js";
import { randomTensor } from "./random-model.js";
import { encodeFloats, type FloatType, safetensorsFile, type TensorContent } from "./safetensors-file.js";

/** What PEFT 0.19 writes for a language model, those fields left out that hold null, false or {}. */
export const peftConfig = {
  base_model_name_or_path: "somewhere/base",
  bias: "none",
  fan_in_fan_out: false,
  inference_mode: true,
  init_lora_weights: true,
  layers_to_transform: null,
  lora_alpha: 6,
  lora_bias: false,
  lora_dropout: 0,
  megatron_core: "megatron.core",
  modules_to_save: null as string[] | null,
  peft_type: "LORA",
  peft_version: "0.19.1",
  qalora_group_size: 16,
  r: 4,
  rank_pattern: {},
  target_modules: ["v_proj", "q_proj", "down_proj"],
  task_type: "CAUSAL_LM",
  use_dora: false,
  use_rslora: false,
};

export const peftLora: Lora = { rank: 4, alpha: 6, targets: ["q_proj", "v_proj", "down_proj"] };

/** The tensors of such an adapter for this base, with drawn numbers. */
export function adapterTensors(
  base: Pick<TrainingBase, "name" | "fingerprint" | "opened">,
  { loss = "next-token", type = "F32" }: { loss?: "next-token" | "binary"; type?: FloatType } = {},
): TensorContent[] {
  return [...adapterShapes(base, peftLora, loss)].map(([name, shape]) => ({
    name: `base_model.model.${name}`,
    type,
    shape,
    data: encodeFloats(randomTensor(name, shape, 7), type),
  }));
}

export function writeAdapterDirectory(
  directory: string,
  tensors: readonly TensorContent[],
  {
    config = {},
    metadata = { format: "pt" },
  }: { config?: Record<string, unknown>; metadata?: Record<string, unknown> } = {},
): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "adapter_config.json"), JSON.stringify({ ...peftConfig, ...config }));
  const bytes = safetensorsFile(tensors, (header) => Object.assign(header, { __metadata__: metadata }));
  writeFileSync(join(directory, "adapter_model.safetensors"), bytes);
}
