/** Models of a real model's shape with random weights, written on the fly: speed and memory do not depend on what they say. */
import { readHfConfig } from "../../src/model/hf-config.js";
import { writeRandomModel } from "../support/random-model.js";

const llama = {
  model_type: "llama",
  architectures: ["LlamaForCausalLM"],
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  hidden_act: "silu",
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
};

export const shapes = {
  tiny: {
    ...llama,
    vocab_size: 768,
    hidden_size: 192,
    intermediate_size: 512,
    num_hidden_layers: 6,
    num_attention_heads: 6,
    num_key_value_heads: 2,
    max_position_embeddings: 512,
  },
  "smollm2-135m": {
    ...llama,
    vocab_size: 49152,
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    max_position_embeddings: 2048,
  },
} as const;
export type ShapeName = keyof typeof shapes;
/** How much of a shape's work takes seconds: updates of a training, solutions to score. */
export const workOf: Record<ShapeName, { updates: number; solutions: number }> = {
  tiny: { updates: 20, solutions: 512 },
  "smollm2-135m": { updates: 3, solutions: 64 },
};

export const shapeNames = Object.keys(shapes) as ShapeName[];

/** As wide as fresh models draw theirs (standard deviation 0.02), so that losses of both sides stay comparable over updates. */
const range = 0.02 * Math.sqrt(3);

export async function writeShape(directory: string, name: ShapeName): Promise<void> {
  await writeRandomModel(directory, { config: shapes[name], type: "F32", numFiles: 1 }, 1, (_, values, dimensions) => {
    if (dimensions.length !== 2) return;
    const largest = values.reduce((found, value) => Math.max(found, Math.abs(value)), 0);
    for (let i = 0; i < values.length; i++) values[i] = ((values[i] as number) * range) / largest;
  });
}

export const vocabularyOf = (name: ShapeName): number =>
  readHfConfig("config.json", shapes[name]).config.vocabularySize;
