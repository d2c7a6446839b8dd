/**
 * RoPE settings of a GGUF file: `rope.freq_base`, `rope.scaling.*`, and divisors stored as tensors (`rope_freqs`, which
 * holds llama3's scaling already worked out, and the two sets of longrope).
 */
import type { Fields } from "./fields.js";
import type { HfRope } from "./hf-rope.js";
import type { RopeScaling } from "./rope.js";

/** The divisors in the tensor of this name, if the file has it. */
type DivisorsOf = (name: string) => Promise<number[] | undefined>;

/** @throws ERPRM_INVALID_CHECKPOINT for an unknown scaling or a number out of range, naming file and key */
export async function readGgufRope(fields: Fields, trainedLength: number, divisorsOf: DivisorsOf): Promise<HfRope> {
  const theta = fields.positiveNumber("rope.freq_base", 10_000);
  const scaling = await readScaling(fields, trainedLength, divisorsOf);
  const stored = await divisorsOf("rope_freqs.weight");
  if (!stored) return { theta, scaling };
  if (scaling.type === "default") return { theta, scaling: { type: "stored", divisors: stored } };
  return fields.fail("rope.scaling.type", "none beside a rope_freqs tensor", scaling.type);
}

async function readScaling(fields: Fields, trainedLength: number, divisorsOf: DivisorsOf): Promise<RopeScaling> {
  const linearFactor = fields.positiveNumber("rope.scale_linear", 1);
  const type = fields.string("rope.scaling.type", linearFactor === 1 ? "none" : "linear");
  const factor = () => fields.positiveNumber("rope.scaling.factor", linearFactor);
  const originalLength = () => fields.positiveInteger("rope.scaling.original_context_length", trainedLength);
  // A multiplier on top of what the scaling itself prescribes.
  const attention = fields.positiveNumber("rope.scaling.attn_factor", 1);
  switch (type) {
    case "none":
      return { type: "default" };
    case "linear":
      return { type, factor: factor() };
    case "yarn": {
      refuseYarnVariants(fields);
      const scale = factor();
      const prescribed = scale <= 1 ? 1 : 1 + 0.1 * Math.log(scale);
      return {
        type,
        factor: scale,
        originalLength: originalLength(),
        betaFast: fields.positiveNumber("rope.scaling.yarn_beta_fast", 32),
        betaSlow: fields.positiveNumber("rope.scaling.yarn_beta_slow", 1),
        truncate: true,
        attentionFactor: prescribed * fields.positiveNumber("rope.scaling.yarn_attn_factor", attention),
      };
    }
    case "longrope": {
      const shortFactors = await divisorsOf("rope_factors_short.weight");
      const longFactors = await divisorsOf("rope_factors_long.weight");
      if (!shortFactors || !longFactors) {
        fields.fail(
          "rope.scaling.type",
          "longrope together with tensors rope_factors_short and rope_factors_long",
          type,
        );
      }
      return { type, shortFactors, longFactors, originalLength: originalLength(), attentionFactor: attention };
    }
    default:
      return fields.fail("rope.scaling.type", "one of none, linear, yarn, longrope", type);
  }
}

/** Keys that change yarn in ways no model of these families uses. */
function refuseYarnVariants(fields: Fields): void {
  const neutral: [string, number][] = [
    ["rope.scaling.yarn_ext_factor", 1],
    ["rope.scaling.yarn_log_multiplier", 0],
  ];
  for (const [name, value] of neutral) {
    const received = fields.get(name) ?? value;
    if (received !== value) fields.fail(name, `${value} or absent`, received);
  }
}
