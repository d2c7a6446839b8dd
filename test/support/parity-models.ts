/** The small models of the parity tests: every family, and every part of a config that changes the numbers. */
import type { RandomModel } from "./random-model.js";

export interface ParityModel extends RandomModel {
  /** Tokens; where absent, the config's own. */
  contextLength?: number;
}

const common = {
  vocab_size: 288,
  hidden_size: 64,
  intermediate_size: 160,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 256,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  hidden_act: "silu",
  tie_word_embeddings: false,
  bos_token_id: 256,
  eos_token_id: 256,
};

const llama = { ...common, model_type: "llama", architectures: ["LlamaForCausalLM"] };
const mistral = { ...common, model_type: "mistral", architectures: ["MistralForCausalLM"] };
const qwen2 = { ...common, model_type: "qwen2", architectures: ["Qwen2ForCausalLM"], rms_norm_eps: 1e-6 };
const qwen3 = { ...common, model_type: "qwen3", architectures: ["Qwen3ForCausalLM"], rms_norm_eps: 1e-6 };

const f32 = { type: "F32", numFiles: 1 } as const;

export const parityModels: Record<string, ParityModel> = {
  llama: { ...f32, config: llama },
  "llama-f16": { config: llama, type: "F16", numFiles: 1 },
  "llama-bf16": { config: llama, type: "BF16", numFiles: 1 },
  "llama-sharded": { config: llama, type: "F32", numFiles: 3 },
  "llama-llama3-tied": {
    ...f32,
    config: {
      ...llama,
      tie_word_embeddings: true,
      rope_scaling: {
        rope_type: "llama3",
        factor: 8,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 64,
      },
    },
  },
  "llama-biases": { ...f32, config: { ...llama, attention_bias: true, mlp_bias: true } },
  "llama-dynamic": {
    ...f32,
    config: { ...llama, max_position_embeddings: 64, rope_scaling: { type: "dynamic", factor: 4 } },
    contextLength: 256,
  },
  "llama-longrope": {
    ...f32,
    config: {
      ...llama,
      rope_scaling: {
        rope_type: "longrope",
        short_factor: [1, 1, 1, 1.1, 1.2, 1.3, 1.4, 1.5],
        long_factor: [1, 1.2, 1.5, 2, 3, 5, 8, 12],
        original_max_position_embeddings: 32,
      },
    },
  },
  "mistral-sliding": { ...f32, config: { ...mistral, head_dim: 48, sliding_window: 16 } },
  "mistral-full": { ...f32, config: { ...mistral, sliding_window: null, num_key_value_heads: 1 } },
  "qwen2-yarn-sliding": {
    ...f32,
    config: {
      ...qwen2,
      use_sliding_window: true,
      sliding_window: 16,
      max_window_layers: 1,
      rope_scaling: { type: "yarn", factor: 4, original_max_position_embeddings: 64 },
    },
  },
  "qwen3-linear": {
    ...f32,
    config: { ...qwen3, head_dim: 32, rope_parameters: { rope_type: "linear", rope_theta: 10000, factor: 2 } },
  },
};
