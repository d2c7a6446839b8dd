/** The tensors a network of these numbers has: Hugging Face names and shapes, in the order they are used. */
import type { ModelConfig, ValueHeadLayer } from "../native/contract.js";

/** Name -> shape, outermost first. A value head takes the place of the output matrix. */
export function expectedTensors(config: ModelConfig, valueHead: readonly ValueHeadLayer[] = []): Map<string, number[]> {
  const { hiddenSize, intermediateSize, vocabularySize, headSize } = config;
  const queryRows = config.numHeads * headSize;
  const keyRows = config.numKvHeads * headSize;
  const shapes = new Map<string, number[]>();
  const linear = (name: string, outputs: number, inputs: number, hasBias: boolean) => {
    shapes.set(`${name}.weight`, [outputs, inputs]);
    if (hasBias) shapes.set(`${name}.bias`, [outputs]);
  };
  shapes.set("model.embed_tokens.weight", [vocabularySize, hiddenSize]);
  for (let index = 0; index < config.numLayers; index++) {
    const layer = `model.layers.${index}`;
    shapes.set(`${layer}.input_layernorm.weight`, [hiddenSize]);
    linear(`${layer}.self_attn.q_proj`, queryRows, hiddenSize, config.attentionBias);
    linear(`${layer}.self_attn.k_proj`, keyRows, hiddenSize, config.attentionBias);
    linear(`${layer}.self_attn.v_proj`, keyRows, hiddenSize, config.attentionBias);
    if (config.queryKeyNorm) {
      shapes.set(`${layer}.self_attn.q_norm.weight`, [headSize]);
      shapes.set(`${layer}.self_attn.k_norm.weight`, [headSize]);
    }
    linear(`${layer}.self_attn.o_proj`, hiddenSize, queryRows, config.attentionOutputBias);
    shapes.set(`${layer}.post_attention_layernorm.weight`, [hiddenSize]);
    linear(`${layer}.mlp.gate_proj`, intermediateSize, hiddenSize, config.feedForwardBias);
    linear(`${layer}.mlp.up_proj`, intermediateSize, hiddenSize, config.feedForwardBias);
    linear(`${layer}.mlp.down_proj`, hiddenSize, intermediateSize, config.feedForwardBias);
  }
  shapes.set("model.norm.weight", [hiddenSize]);
  let inputs = hiddenSize;
  for (const { name, outputs, bias } of valueHead) {
    linear(name, outputs, inputs, bias);
    inputs = outputs;
  }
  if (valueHead.length === 0 && !config.tiedEmbeddings) shapes.set("lm_head.weight", [vocabularySize, hiddenSize]);
  return shapes;
}
