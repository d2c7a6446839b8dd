/** What PyTorch computed for a training case: test/fixtures/training, written by scripts/make-training-goldens.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/native/loader.js";

export interface TrainingGolden {
  /** Of every position of every update, in order. */
  losses: Float32Array;
  /** As `losses`; empty for a loss without labels. */
  scores: Float32Array;
  /** One an update, before clipping. */
  gradientNorms: Float64Array;
  /** At the first update, by name; of matrices every `stride`-th element, as of the weights. */
  gradients: Map<string, Float32Array>;
  /** Of trained tensors, after the last update. */
  weights: Map<string, Float32Array>;
  /** Of layers with an adapter: the weight with the trained adapter added in. */
  merged: Map<string, Float32Array>;
}

type Encoded = Record<string, string>;

export function readTrainingGolden(name: string): TrainingGolden {
  const golden = JSON.parse(readFileSync(join(packageRoot, `test/fixtures/training/${name}.json`), "utf8"));
  const tensors = (encoded: Encoded) => new Map(Object.entries(encoded).map(([key, text]) => [key, decode(text)]));
  return {
    losses: decode(golden.losses),
    scores: decode(golden.scores),
    gradientNorms: Float64Array.from(golden.gradientNorms),
    gradients: tensors(golden.gradients),
    weights: tensors(golden.weights),
    merged: tensors(golden.merged),
  };
}

/** Base64 of little-endian f32. */
function decode(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
