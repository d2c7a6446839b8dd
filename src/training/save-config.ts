/** config.json of a trained model: that of its base, with what training changed. */
import { className } from "../model/value-head.js";
import type { StoredType } from "./safetensors-writer.js";
import type { TrainingBase } from "./training-base.js";

/** `language-model`: the output matrix is there; `value-head`: `score` with one output takes its place. */
export type ModelHead = "language-model" | "value-head";

const dtypeNames: Record<StoredType, string> = { F32: "float32", BF16: "bfloat16", F16: "float16" };

/** `baseConfig` as it was read, key order kept; the vocabulary and everything else of the network stays. */
export function savedConfig(
  base: TrainingBase,
  baseConfig: Record<string, unknown>,
  { head, type }: { head: ModelHead; type: StoredType },
): Record<string, unknown> {
  const config = { ...baseConfig };
  // Older versions of transformers know `torch_dtype`, newer ones both.
  const spelling = "dtype" in config ? "dtype" : "torch_dtype";
  if (spelling === "dtype") delete config.torch_dtype;
  config[spelling] = dtypeNames[type];
  config.tie_word_embeddings = base.opened.checkpoint.config.tiedEmbeddings;
  // Both describe other weights than these.
  delete config._name_or_path;
  delete config.transformers_version;
  const { family, checkpoint } = base.opened;
  if (head === "language-model") return { ...config, architectures: [className(family, "CausalLM")] };
  // A base with a value head of its own has the class and the labels that belong to it.
  if (checkpoint.valueHead.length > 0) return config;
  delete config.num_labels;
  config.architectures = [className(family, "TokenClassification")];
  return { ...config, id2label: { "0": "correct" }, label2id: { correct: 0 } };
}
