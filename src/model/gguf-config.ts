/** GGUF metadata -> ModelConfig. What the metadata leaves open (biases, a tied output) the table of tensors says. */

import { contextLengthInUse } from "./context-length.js";
import { type Family, families, familyTraits } from "./family.js";
import { Fields } from "./fields.js";
import type { GgufFile } from "./gguf.js";
import { readGgufRope } from "./gguf-rope.js";
import type { FamilyConfig } from "./hf-config.js";
import { longestLength } from "./hf-rope.js";
import { readFloats } from "./read-floats.js";
import { ropeFrequencies } from "./rope.js";

/**
 * @param file names the GGUF file in messages
 * @throws as `readHfConfig`; fields are metadata keys
 */
export async function readGgufConfig(file: string, gguf: GgufFile, contextLength?: number): Promise<FamilyConfig> {
  const general = new Fields(file, Object.fromEntries(gguf.metadata));
  const family = general.get("general.architecture") as Family;
  if (!families.includes(family)) general.fail("general.architecture", `one of ${families.join(", ")}`, family);
  const fields = familyFields(file, gguf, family);
  refuseUnsupported(fields);
  const numLayers = fields.positiveInteger("block_count");
  const hiddenSize = fields.positiveInteger("embedding_length");
  const numHeads = sameInAllLayers(fields, "attention.head_count");
  const numKvHeads = fields.has("attention.head_count_kv")
    ? sameInAllLayers(fields, "attention.head_count_kv")
    : numHeads;
  if (numHeads % numKvHeads !== 0) {
    fields.fail("attention.head_count_kv", `a divisor of attention.head_count (${numHeads})`, numKvHeads);
  }
  const headSize = readHeadSize(fields, hiddenSize, numHeads);
  const trainedLength = fields.positiveInteger("context_length");
  const divisorsOf = async (name: string) => {
    const tensor = gguf.tensors.find((candidate) => candidate.name === name);
    return tensor && readFloats(tensor, [headSize / 2]);
  };
  const { theta, scaling } = await readGgufRope(fields, trainedLength, divisorsOf);
  const contextInUse = contextLengthInUse(contextLength, trainedLength, longestLength(scaling, trainedLength));
  const rope = ropeFrequencies({ headSize, theta, contextLength: contextInUse, scaling });
  const embedding = gguf.tensors.find(({ name }) => name === "token_embd.weight");
  const isStored = (name: string) => gguf.tensors.some((tensor) => tensor.name === name);
  return {
    family,
    config: {
      numLayers,
      hiddenSize,
      intermediateSize: sameInAllLayers(fields, "feed_forward_length"),
      numHeads,
      numKvHeads,
      headSize,
      vocabularySize: embedding?.shape[0] ?? fields.positiveInteger("vocab_size"),
      contextLength: contextInUse,
      normEpsilon: fields.positiveNumber("attention.layer_norm_rms_epsilon"),
      ropeInverseFrequencies: rope.inverseFrequencies,
      ropeScale: rope.scale,
      ...readSliding(fields, numLayers),
      tiedEmbeddings: !isStored("output.weight"),
      attentionBias: familyTraits[family].fixedAttentionBias || isStored("blk.0.attn_q.bias"),
      attentionOutputBias: isStored("blk.0.attn_output.bias"),
      feedForwardBias: isStored("blk.0.ffn_up.bias"),
      queryKeyNorm: familyTraits[family].queryKeyNorm,
    },
  };
}

/** The keys that start with the architecture's name, without it. */
function familyFields(file: string, gguf: GgufFile, family: Family): Fields {
  const prefix = `${family}.`;
  const own = [...gguf.metadata].filter(([key]) => key.startsWith(prefix));
  return new Fields(file, Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])), prefix);
}

function refuseUnsupported(fields: Fields): void {
  const numExperts = fields.get("expert_count") ?? 0;
  if (numExperts !== 0) fields.fail("expert_count", "0 (a dense model)", numExperts);
  if (!fields.boolean("attention.causal", true)) fields.fail("attention.causal", "true (a language model)", false);
}

function readHeadSize(fields: Fields, hiddenSize: number, numHeads: number): number {
  if (!fields.has("attention.key_length") && hiddenSize % numHeads !== 0) {
    fields.fail(
      "embedding_length",
      `a multiple of attention.head_count (${numHeads}), since key_length is absent`,
      hiddenSize,
    );
  }
  const headSize = fields.positiveInteger("attention.key_length", hiddenSize / numHeads);
  if (headSize % 2 !== 0) fields.fail("attention.key_length", "even", headSize);
  for (const name of ["attention.value_length", "rope.dimension_count"]) {
    if (fields.positiveInteger(name, headSize) !== headSize)
      fields.fail(name, `the head size, ${headSize}`, fields.get(name));
  }
  return headSize;
}

/** Some writers give one number a layer; the network is the same in all of them or is not supported. */
function sameInAllLayers(fields: Fields, name: string): number {
  const value = fields.get(name);
  if (!Array.isArray(value)) return fields.positiveInteger(name);
  if (new Set(value).size !== 1) fields.fail(name, "the same in all layers", value);
  return new Fields(fields.file, { [name]: value[0] }).positiveInteger(name);
}

function readSliding(fields: Fields, numLayers: number) {
  const slidingWindow = fields.get("attention.sliding_window") === 0 ? 0 : fields.get("attention.sliding_window");
  if (slidingWindow === undefined || slidingWindow === 0) {
    return { slidingWindow: 0, slidingLayers: new Uint8Array(numLayers) };
  }
  const pattern = fields.get("attention.sliding_window_pattern") ?? new Array(numLayers).fill(true);
  if (
    !Array.isArray(pattern) ||
    pattern.length !== numLayers ||
    pattern.some((slides) => typeof slides !== "boolean")
  ) {
    fields.fail("attention.sliding_window_pattern", `a list of ${numLayers} booleans`, pattern);
  }
  return {
    slidingWindow: fields.positiveInteger("attention.sliding_window"),
    slidingLayers: Uint8Array.from(pattern as boolean[], Number),
  };
}
