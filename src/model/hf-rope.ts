/**
 * RoPE settings of a Hugging Face config.json, in either form: `rope_theta` beside `rope_scaling` (`type` or `rope_type`), or
 * `rope_parameters`, which holds both. Where a number is absent, the one transformers takes is taken.
 */
import { Fields } from "./fields.js";
import type { RopeScaling } from "./rope.js";

export interface HfRope {
  theta: number;
  scaling: RopeScaling;
}

const defaultTheta = 10_000;

/**
 * @param trainedLength `max_position_embeddings`
 * @throws ERPRM_INVALID_CHECKPOINT for an unknown scaling or a number out of range, naming file and field
 */
export function readHfRope(config: Fields, headSize: number, trainedLength: number): HfRope {
  const rope = ropeFields(config);
  const theta = rope.positiveNumber("rope_theta", config.positiveNumber("rope_theta", defaultTheta));
  const rotatedShare = rope.positiveNumber("partial_rotary_factor", config.positiveNumber("partial_rotary_factor", 1));
  if (rotatedShare !== 1)
    rope.fail("partial_rotary_factor", "1 (whole heads are rotated in these families)", rotatedShare);
  return { theta, scaling: readScaling(config, rope, headSize, trainedLength) };
}

/** `rope_scaling` wins over `rope_parameters`, as in transformers; the same settings a layer type count as one. */
function ropeFields(config: Fields): Fields {
  const name = config.has("rope_scaling") ? "rope_scaling" : "rope_parameters";
  const rope = config.object(name);
  if (!rope) return new Fields(config.file, {}, "rope_parameters.");
  const layerTypes = rope.keys().filter((key) => key.endsWith("_attention"));
  if (layerTypes.length === 0) return rope;
  const texts = new Set(layerTypes.map((layerType) => JSON.stringify(rope.get(layerType))));
  if (texts.size > 1) config.fail(name, "the same for all layers", config.get(name));
  return rope.object(layerTypes[0] as string) as Fields;
}

function readScaling(config: Fields, rope: Fields, headSize: number, trainedLength: number): RopeScaling {
  const typeField = rope.has("rope_type") ? "rope_type" : "type";
  const type = rope.string(typeField, "default");
  const originalLength = () =>
    config.has("original_max_position_embeddings")
      ? config.positiveInteger("original_max_position_embeddings")
      : rope.positiveInteger("original_max_position_embeddings", trainedLength);
  switch (type) {
    case "default":
      return { type };
    case "linear":
      return { type, factor: rope.positiveNumber("factor") };
    case "dynamic":
      if (headSize < 4) config.fail("head_dim", "at least 4 for dynamic RoPE scaling", headSize);
      return { type, factor: atLeastOne(rope), trainedLength };
    case "yarn": {
      const factor = rope.positiveNumber("factor", trainedLength / originalLength());
      return {
        type,
        factor,
        originalLength: originalLength(),
        betaFast: rope.positiveNumber("beta_fast", 32),
        betaSlow: rope.positiveNumber("beta_slow", 1),
        truncate: rope.boolean("truncate", true),
        attentionFactor: rope.positiveNumber("attention_factor", yarnAttentionFactor(rope, factor)),
      };
    }
    case "llama3": {
      const low = rope.positiveNumber("low_freq_factor");
      const high = rope.positiveNumber("high_freq_factor");
      if (high <= low) rope.fail("high_freq_factor", `larger than low_freq_factor (${low})`, high);
      return {
        type,
        factor: rope.positiveNumber("factor"),
        lowFrequencyFactor: low,
        highFrequencyFactor: high,
        originalLength: originalLength(),
      };
    }
    // `su` is the name the first checkpoints with it used.
    case "su":
    case "longrope": {
      const length = originalLength();
      const factor = rope.positiveNumber("factor", trainedLength / length);
      const paper = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(length));
      return {
        type: "longrope",
        shortFactors: rope.positiveNumbers("short_factor", headSize / 2),
        longFactors: rope.positiveNumbers("long_factor", headSize / 2),
        originalLength: length,
        attentionFactor: rope.positiveNumber("attention_factor", paper),
      };
    }
    default:
      return rope.fail(typeField, "one of default, linear, dynamic, yarn, llama3, longrope", type);
  }
}

function atLeastOne(rope: Fields): number {
  const factor = rope.positiveNumber("factor");
  if (factor < 1) rope.fail("factor", "at least 1", factor);
  return factor;
}

function yarnAttentionFactor(rope: Fields, factor: number): number {
  const magnitude = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  // Zero means absent to the files that write it.
  if (!rope.get("mscale") || !rope.get("mscale_all_dim")) return magnitude(1);
  return magnitude(rope.positiveNumber("mscale")) / magnitude(rope.positiveNumber("mscale_all_dim"));
}

/** The longest sequence, in tokens, that the scaling was made for. */
export function longestLength(scaling: RopeScaling, trainedLength: number): number {
  switch (scaling.type) {
    case "linear":
    case "dynamic":
      return Math.max(trainedLength, Math.floor(trainedLength * scaling.factor));
    case "yarn":
      return Math.max(trainedLength, Math.floor(scaling.originalLength * scaling.factor));
    default:
      return trainedLength;
  }
}
