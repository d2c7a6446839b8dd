/**
 * The files around the weights for a model whose base is a .gguf file: its metadata in the form of a Hugging Face
 * directory. What has no such form (RoPE divisors that are stored as numbers) is refused rather than approximated.
 */
import { ErprmError } from "../errors.js";
import { Fields } from "../model/fields.js";
import { readGgufRope } from "../model/gguf-rope.js";
import type { OpenedModel } from "../model/open-model.js";
import type { RopeScaling } from "../model/rope.js";
import { chatTemplateSource } from "../text/chat-template.js";
import { ggufSpecialIds, tokenizerJsonFromGguf } from "../text/gguf-tokenizer.js";
import type { TrainingBase } from "./training-base.js";

type OpenedGguf = Extract<OpenedModel, { kind: "gguf" }>;

function refuse(path: string, what: string): never {
  throw new ErprmError(
    "ERPRM_INVALID_CHECKPOINT",
    `Expected a model whose configuration can be written as config.json, received ${what} in ${path}: train from the Hugging Face directory of this model`,
    { path, field: what },
  );
}

function ropeScalingFields(path: string, scaling: RopeScaling): Record<string, unknown> | null {
  switch (scaling.type) {
    case "default":
      return null;
    case "linear":
      return { rope_type: "linear", factor: scaling.factor };
    case "yarn":
      return {
        rope_type: "yarn",
        factor: scaling.factor,
        original_max_position_embeddings: scaling.originalLength,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        attention_factor: scaling.attentionFactor,
        truncate: scaling.truncate,
      };
    default:
      return refuse(path, scaling.type === "stored" ? "a rope_freqs tensor" : `${scaling.type} RoPE scaling`);
  }
}

/**
 * config.json of the network in the file.
 * @throws ERPRM_INVALID_CHECKPOINT for a network that config.json cannot describe, naming what it is
 */
export async function configOfGguf({
  path,
  family,
  checkpoint,
  ggufMetadata,
}: OpenedGguf): Promise<Record<string, unknown>> {
  const { config } = checkpoint;
  const prefix = `${family}.`;
  const own = [...ggufMetadata].filter(([key]) => key.startsWith(prefix));
  const fields = new Fields(
    path,
    Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])),
    prefix,
  );
  const trainedLength = fields.positiveInteger("context_length");
  // Stored divisors do not show in the metadata; without any of the other scalings they are all that can differ.
  const { theta, scaling } = await readGgufRope(fields, trainedLength, async () => undefined);
  const rope_scaling = ropeScalingFields(path, scaling);
  if (scaling.type === "default") expectPlainRope(path, config.ropeInverseFrequencies, theta, config.headSize);
  if (config.slidingWindow > 0 && (family !== "mistral" || config.slidingLayers.some((slides) => slides === 0))) {
    refuse(path, "sliding attention in some layers");
  }
  const { bos, eos } = ggufSpecialIds(ggufMetadata, path);
  return {
    model_type: family,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.numLayers,
    num_attention_heads: config.numHeads,
    num_key_value_heads: config.numKvHeads,
    head_dim: config.headSize,
    vocab_size: config.vocabularySize,
    max_position_embeddings: trainedLength,
    rms_norm_eps: config.normEpsilon,
    rope_theta: theta,
    ...(rope_scaling && { rope_scaling }),
    hidden_act: "silu",
    ...(config.slidingWindow > 0 && { sliding_window: config.slidingWindow }),
    ...(family === "mistral" && config.slidingWindow === 0 && { sliding_window: null }),
    ...((family === "llama" || family === "qwen3") && { attention_bias: config.attentionOutputBias }),
    ...(family === "llama" && { mlp_bias: config.feedForwardBias }),
    tie_word_embeddings: config.tiedEmbeddings,
    bos_token_id: bos ?? null,
    eos_token_id: eos ?? null,
  };
}

function expectPlainRope(path: string, frequencies: Float32Array, theta: number, headSize: number): void {
  for (const [plane, frequency] of frequencies.entries()) {
    if (frequency !== Math.fround(theta ** ((-2 * plane) / headSize))) refuse(path, "a rope_freqs tensor");
  }
}

/** The texts of tokenizer.json, tokenizer_config.json and generation_config.json. */
export function tokenizerFilesOfGguf({ opened, text }: TrainingBase): Map<string, string> {
  const { path, ggufMetadata } = opened as OpenedGguf;
  const tokenizer = tokenizerJsonFromGguf(ggufMetadata, path);
  const { bos, eos } = ggufSpecialIds(ggufMetadata, path);
  const token = (id: number | undefined) => (id === undefined ? undefined : text.tokenizer.idToToken(id));
  const tokenizerConfig = {
    tokenizer_class: "PreTrainedTokenizerFast",
    clean_up_tokenization_spaces: false,
    bos_token: token(bos),
    eos_token: token(eos),
    pad_token: token(eos),
    chat_template: chatTemplateSource(ggufMetadata.get("tokenizer.chat_template"), path),
  };
  return new Map([
    ["tokenizer.json", JSON.stringify(tokenizer)],
    ["tokenizer_config.json", `${JSON.stringify(tokenizerConfig, null, 2)}\n`],
    ["generation_config.json", `${JSON.stringify({ eos_token_id: text.stopTokenIds }, null, 2)}\n`],
  ]);
}
