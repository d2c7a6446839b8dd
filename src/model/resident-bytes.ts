/**
 * The memory that a model takes when it is loaded, from its numbers alone: an upper bound that is known before a byte of
 * its weights is read. The embedding matrix is not part of it: its rows are read from the file, whose pages belong to the
 * system.
 */
import type { Checkpoint, WeightType } from "../native/contract.js";
import { expectedTensors } from "./expected-tensors.js";

/** Bytes, by what they are for. */
export interface ResidentBytes {
  /** As they are packed for the kernels. */
  weights: number;
  /** Keys and values at most. */
  keysAndValues: number;
  /** Logits and activations of one forward pass. */
  buffers: number;
}

export interface ResidentOptions {
  weights: WeightType;
  kvMemoryBytes: number;
  /** Rows of a forward pass at most. */
  forwardRows: number;
  /** Rows of logits held at a time; 0: the model has no output matrix. */
  logitRows: number;
  /** Sequences whose keys and values may be held together. */
  numSequences: number;
}

/** Output rows and row buffers are padded to whole vectors of the widest kernels. */
const lane = 16;
/** Inputs that share one scale, and what an int8 row is padded to. */
const group = 128;
const step = 64;
/** Tokens of a block of keys and values. */
const blockTokens = 64;

const roundUp = (value: number, unit: number) => Math.ceil(value / unit) * unit;

function linearBytes(outputs: number, inputs: number, weights: WeightType): number {
  const rows = roundUp(outputs, lane);
  if (weights === "f32") return 4 * rows * inputs;
  const padded = roundUp(inputs, step);
  return rows * (padded + 4 * Math.ceil(padded / group));
}

export function residentBytes({ config, valueHead }: Checkpoint, options: ResidentOptions): ResidentBytes {
  const { numLayers, hiddenSize, intermediateSize, numHeads, numKvHeads, headSize, vocabularySize } = config;
  let weights = 0;
  for (const [name, [outputs = 0, inputs]] of expectedTensors(config, valueHead)) {
    if (name === "model.embed_tokens.weight" || name === "lm_head.weight") continue;
    weights += inputs === undefined ? 4 * roundUp(outputs, lane) : linearBytes(outputs, inputs, options.weights);
  }
  if (options.logitRows > 0) weights += linearBytes(vocabularySize, hiddenSize, options.weights);
  const blockBytes = 4 * 2 * blockTokens * headSize * numKvHeads * numLayers;
  const blocks = options.numSequences * Math.ceil(config.contextLength / blockTokens);
  const widths = 4 * hiddenSize + (numHeads + 2 * numKvHeads) * headSize + 3 * intermediateSize;
  return {
    weights,
    keysAndValues: Math.min(options.kvMemoryBytes, blocks * blockBytes),
    buffers: 4 * (options.forwardRows * widths + options.logitRows * roundUp(vocabularySize, lane)),
  };
}

export function totalBytes({ weights, keysAndValues, buffers }: ResidentBytes): number {
  return weights + keysAndValues + buffers;
}
