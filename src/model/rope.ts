/**
 * Rotary position embedding: the inverse frequency of each of the headSize / 2 planes, with the scaling of the checkpoint
 * applied, and the factor on cos and sin. Computed in doubles, rounded once to f32.
 *
 * Two scalings depend on the length of the sequence: `dynamic` and `longrope`. Keys are cached after rotation and cannot be
 * rotated again, so the frequencies are fixed for the whole load by the context length in use, not by the sequence at hand.
 *
 * Sources: linear, Chen et al. 2023 (arXiv:2306.15595); yarn and dynamic, Peng et al. 2023 (arXiv:2309.00071); longrope,
 * Ding et al. 2024 (arXiv:2402.13753); llama3, the Llama 3.1 model card. Deviation: none but the one above.
 */

export type RopeScaling =
  | { type: "default" }
  /** Positions divided by `factor`. */
  | { type: "linear"; factor: number }
  /** A larger base beyond `trainedLength`, by the length in use. */
  | { type: "dynamic"; factor: number; trainedLength: number }
  /** Fast planes as they are, slow planes divided by `factor`, a ramp between; betas are rotations over `originalLength`. */
  | {
      type: "yarn";
      factor: number;
      originalLength: number;
      betaFast: number;
      betaSlow: number;
      /** The ends of the ramp are rounded outwards to whole planes. */
      truncate: boolean;
      attentionFactor: number;
    }
  /** As yarn, the ramp being over wavelengths measured in `originalLength`. */
  | { type: "llama3"; factor: number; lowFrequencyFactor: number; highFrequencyFactor: number; originalLength: number }
  /** One divisor a plane, of two sets: the long one where the context in use is longer than `originalLength`. */
  | {
      type: "longrope";
      shortFactors: readonly number[];
      longFactors: readonly number[];
      originalLength: number;
      attentionFactor: number;
    }
  /** One divisor a plane, stored in the checkpoint. */
  | { type: "stored"; divisors: readonly number[] };

export interface RopeSettings {
  headSize: number;
  /** The base. */
  theta: number;
  /** The context length in use, tokens. */
  contextLength: number;
  scaling: RopeScaling;
}

export interface RopeFrequencies {
  /** [headSize / 2], radians a position. */
  inverseFrequencies: Float32Array;
  scale: number;
}

/** The frequencies for these settings; the caller has checked the numbers. */
export function ropeFrequencies({ headSize, theta, contextLength, scaling }: RopeSettings): RopeFrequencies {
  const numPlanes = headSize / 2;
  const withBase = (base: number) => Array.from({ length: numPlanes }, (_, plane) => base ** ((-2 * plane) / headSize));
  const plain = withBase(theta);
  switch (scaling.type) {
    case "default":
      return rounded(plain, 1);
    case "linear":
      return rounded(
        plain.map((frequency) => frequency / scaling.factor),
        1,
      );
    case "stored":
      return rounded(divided(plain, scaling.divisors), 1);
    case "dynamic": {
      const ratio = Math.max(contextLength, scaling.trainedLength) / scaling.trainedLength;
      const stretch = scaling.factor * ratio - (scaling.factor - 1);
      return rounded(withBase(theta * stretch ** (headSize / (headSize - 2))), 1);
    }
    case "yarn": {
      const kept = yarnKeptShares(headSize, theta, scaling);
      const mixed = plain.map((frequency, plane) => {
        const share = kept[plane] as number;
        return frequency * share + (frequency / scaling.factor) * (1 - share);
      });
      return rounded(mixed, scaling.attentionFactor);
    }
    case "llama3":
      return rounded(
        plain.map((frequency) => llama3Frequency(frequency, scaling)),
        1,
      );
    case "longrope": {
      const isLong = contextLength > scaling.originalLength;
      return rounded(divided(plain, isLong ? scaling.longFactors : scaling.shortFactors), scaling.attentionFactor);
    }
  }
}

/** For each plane the share of its own frequency that yarn keeps: 1 for fast planes, 0 for slow ones, linear between. */
function yarnKeptShares(headSize: number, theta: number, scaling: RopeScaling & { type: "yarn" }): number[] {
  const planeWithRotations = (rotations: number) =>
    (headSize * Math.log(scaling.originalLength / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
  const fast = planeWithRotations(scaling.betaFast);
  const slow = planeWithRotations(scaling.betaSlow);
  const low = Math.max(scaling.truncate ? Math.floor(fast) : fast, 0);
  const high = Math.min(scaling.truncate ? Math.ceil(slow) : slow, headSize - 1);
  // A ramp of no width would divide by zero.
  const width = high === low ? 0.001 : high - low;
  return Array.from({ length: headSize / 2 }, (_, plane) => 1 - Math.min(Math.max((plane - low) / width, 0), 1));
}

function llama3Frequency(frequency: number, scaling: RopeScaling & { type: "llama3" }): number {
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalLength } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < originalLength / highFrequencyFactor) return frequency;
  if (wavelength > originalLength / lowFrequencyFactor) return frequency / factor;
  const share = (originalLength / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
  return ((1 - share) * frequency) / factor + share * frequency;
}

function divided(frequencies: readonly number[], divisors: readonly number[]): number[] {
  return frequencies.map((frequency, plane) => frequency / (divisors[plane] as number));
}

function rounded(frequencies: readonly number[], scale: number): RopeFrequencies {
  return { inverseFrequencies: Float32Array.from(frequencies), scale };
}
