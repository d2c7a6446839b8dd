/** Floating-point operations of a model, a multiply-add being two. What is computed again (checkpointing) does not count. */
import type { ModelConfig } from "../../../src/native/contract.js";

/** One forward pass of packed sequences of these lengths, causal attention included, the head not. */
export function forwardOperations(config: ModelConfig, lengths: readonly number[]): number {
  const { numLayers, hiddenSize, intermediateSize, numHeads, numKvHeads, headSize } = config;
  const attention = hiddenSize * headSize * (2 * numHeads + 2 * numKvHeads);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const pairs = lengths.reduce((sum, length) => sum + (length * (length + 1)) / 2, 0);
  return numLayers * (2 * tokens * (attention + 3 * hiddenSize * intermediateSize) + 4 * pairs * numHeads * headSize);
}

/** Of the head at so many positions. */
export function headOperations(config: ModelConfig, positions: number): number {
  return 2 * positions * config.hiddenSize * config.vocabularySize;
}
