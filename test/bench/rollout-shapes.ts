/** GGUF files of a real model's shape with random weights: those that no model at hand has. Speed does not depend on what they say. */
import { writeGgufModel } from "../support/gguf-model.js";

const qwen2 = {
  model_type: "qwen2",
  architectures: ["Qwen2ForCausalLM"],
  rms_norm_eps: 1e-6,
  rope_theta: 1000000,
  hidden_act: "silu",
  tie_word_embeddings: true,
  bos_token_id: 256,
  eos_token_id: 256,
};

const shapes = {
  "qwen2.5-0.5b": {
    ...qwen2,
    vocab_size: 151936,
    hidden_size: 896,
    intermediate_size: 4864,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    max_position_embeddings: 32768,
  },
  "qwen2-tiny": {
    ...qwen2,
    vocab_size: 1024,
    hidden_size: 128,
    intermediate_size: 256,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    max_position_embeddings: 4096,
  },
} as const;
export type RolloutShape = keyof typeof shapes;
export const rolloutShapeNames = Object.keys(shapes) as RolloutShape[];

/** As published checkpoints are: bf16. Matrices are as wide as fresh models draw theirs (standard deviation 0.02). */
export async function writeRolloutShape(path: string, shape: RolloutShape): Promise<void> {
  const range = 0.02 * Math.sqrt(3);
  await writeGgufModel(path, { config: shapes[shape], type: "BF16", numFiles: 1 }, 1, (_, values, dimensions) => {
    if (dimensions.length !== 2) return;
    const largest = values.reduce((found, value) => Math.max(found, Math.abs(value)), 0);
    for (let i = 0; i < values.length; i++) values[i] = ((values[i] as number) * range) / largest;
  });
}
