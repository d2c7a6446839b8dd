/** GGUF tensor names -> the names of Hugging Face checkpoints. */

const whole = new Map(
  Object.entries({
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
  }),
);

const ofLayer = new Map(
  Object.entries({
    attn_norm: "input_layernorm",
    attn_q: "self_attn.q_proj",
    attn_k: "self_attn.k_proj",
    attn_v: "self_attn.v_proj",
    attn_output: "self_attn.o_proj",
    attn_q_norm: "self_attn.q_norm",
    attn_k_norm: "self_attn.k_norm",
    ffn_norm: "post_attention_layernorm",
    ffn_gate: "mlp.gate_proj",
    ffn_up: "mlp.up_proj",
    ffn_down: "mlp.down_proj",
  }),
);

/** Tensors that hold RoPE divisors: read with the config, not part of the network. */
export const ropeTensorNames: readonly string[] = [
  "rope_freqs.weight",
  "rope_factors_long.weight",
  "rope_factors_short.weight",
];

/** The Hugging Face name, or undefined where there is none. */
export function huggingFaceName(ggufName: string): string | undefined {
  const layer = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(ggufName);
  if (!layer) return whole.get(ggufName);
  const part = ofLayer.get(layer[2] as string);
  return part && `model.layers.${layer[1]}.${part}.${layer[3]}`;
}
