/** GGUF files of a real model's shape with random weights: those that no model at hand has. Speed does not depend on what they say. */
import { writeGgufModel } from "../support/gguf-model.js";
import { randomNumbers } from "../support/random-numbers.js";

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

/** Uniform numbers as wide as fresh models draw theirs (standard deviation 0.02); they repeat after four million. */
function repeatedNumbers(): (count: number) => Float32Array {
  const random = randomNumbers(1);
  const chunk = Float32Array.from({ length: 1 << 22 }, () => 0.02 * Math.sqrt(3) * (2 * random() - 1));
  let at = 0;
  return (count) => {
    const numbers = new Float32Array(count);
    for (let filled = 0; filled < count; ) {
      const part = chunk.subarray(at, at + count - filled);
      numbers.set(part, filled);
      filled += part.length;
      at = (at + part.length) % chunk.length;
    }
    return numbers;
  };
}

/** In bf16, as published checkpoints are. */
export async function writeRolloutShape(path: string, shape: RolloutShape): Promise<void> {
  const numbers = repeatedNumbers();
  await writeGgufModel(path, { config: shapes[shape], type: "BF16", numFiles: 1 }, 1, (name, sizes) => {
    const count = sizes.reduce((product, size) => product * size, 1);
    return name.endsWith("norm.weight") ? new Float32Array(count).fill(1) : numbers(count);
  });
}
