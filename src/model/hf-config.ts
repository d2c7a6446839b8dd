/** config.json of a Hugging Face directory -> ModelConfig. */
import type { ModelConfig } from "../native/contract.js";
import { contextLengthInUse } from "./context-length.js";
import { type Family, type FamilyTraits, families, familyTraits } from "./family.js";
import { Fields } from "./fields.js";
import { longestLength, readHfRope } from "./hf-rope.js";
import { readHfSliding } from "./hf-sliding.js";
import { ropeFrequencies } from "./rope.js";
import { type HeadClass, readHeadClass } from "./value-head.js";

export interface FamilyConfig {
  family: Family;
  config: ModelConfig;
}

export interface HfConfig extends FamilyConfig {
  head: HeadClass;
}

/**
 * @param file names the config in messages
 * @param contextLength tokens; `max_position_embeddings` when undefined
 * @throws ERPRM_INVALID_CHECKPOINT, naming file and field, for an unsupported architecture, activation, RoPE scaling or
 * quantisation and for values out of range; ERPRM_INVALID_ARGUMENT for a context length the model cannot serve
 */
export function readHfConfig(file: string, values: Record<string, unknown>, contextLength?: number): HfConfig {
  const fields = new Fields(file, values);
  const family = readFamily(fields);
  const traits = familyTraits[family];
  refuseUnsupported(fields);
  const hiddenSize = fields.positiveInteger("hidden_size");
  const numHeads = fields.positiveInteger("num_attention_heads");
  const numLayers = fields.positiveInteger("num_hidden_layers");
  const headSize = readHeadSize(fields, traits, hiddenSize, numHeads);
  const numKvHeads = fields.positiveInteger("num_key_value_heads", numHeads);
  if (numHeads % numKvHeads !== 0) {
    fields.fail("num_key_value_heads", `a divisor of num_attention_heads (${numHeads})`, numKvHeads);
  }
  const trainedLength = fields.positiveInteger("max_position_embeddings", traits.trainedLength);
  const { theta, scaling } = readHfRope(fields, headSize, trainedLength);
  const contextInUse = contextLengthInUse(contextLength, trainedLength, longestLength(scaling, trainedLength));
  const rope = ropeFrequencies({ headSize, theta, contextLength: contextInUse, scaling });
  const switchedBias = traits.readsAttentionBias && fields.boolean("attention_bias", false);
  return {
    family,
    head: readHeadClass(fields, family),
    config: {
      numLayers,
      hiddenSize,
      intermediateSize: fields.positiveInteger("intermediate_size"),
      numHeads,
      numKvHeads,
      headSize,
      vocabularySize: fields.positiveInteger("vocab_size"),
      contextLength: contextInUse,
      normEpsilon: fields.positiveNumber("rms_norm_eps", 1e-6),
      ropeInverseFrequencies: rope.inverseFrequencies,
      ropeScale: rope.scale,
      ...readHfSliding(fields, family, numLayers),
      tiedEmbeddings: fields.boolean("tie_word_embeddings", false),
      attentionBias: traits.fixedAttentionBias || switchedBias,
      attentionOutputBias: switchedBias,
      feedForwardBias: traits.readsFeedForwardBias && fields.boolean("mlp_bias", false),
      queryKeyNorm: traits.queryKeyNorm,
    },
  };
}

function readFamily(fields: Fields): Family {
  const modelType = fields.get("model_type");
  if (!families.includes(modelType as Family)) fields.fail("model_type", `one of ${families.join(", ")}`, modelType);
  return modelType as Family;
}

function refuseUnsupported(fields: Fields): void {
  const activation = fields.string("hidden_act", "silu");
  if (activation !== "silu" && activation !== "swish") fields.fail("hidden_act", "silu", activation);
  if (fields.has("quantization_config")) {
    fields.fail(
      "quantization_config",
      "absent (weights in F32, F16 or BF16; for quantised weights give a .gguf file)",
      {
        quant_method: fields.object("quantization_config")?.get("quant_method"),
      },
    );
  }
}

function readHeadSize(fields: Fields, traits: FamilyTraits, hiddenSize: number, numHeads: number): number {
  // A Qwen3 config may write null: then, as in transformers, the size is derived.
  const fallback = fields.isWritten("head_dim") ? undefined : traits.headSize;
  if (!fields.has("head_dim") && fallback === undefined && hiddenSize % numHeads !== 0) {
    fields.fail("hidden_size", `a multiple of num_attention_heads (${numHeads}), since head_dim is absent`, hiddenSize);
  }
  const headSize = fields.positiveInteger("head_dim", fallback ?? hiddenSize / numHeads);
  if (headSize % 2 !== 0) fields.fail("head_dim", "even", headSize);
  return headSize;
}
