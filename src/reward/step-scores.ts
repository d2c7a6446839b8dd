/** From a reward model's logits to scores in (0, 1). Computed in f64, rounded to f32, the model's own precision. */
import type { Convention } from "./convention.js";

/** The f32 neighbours of 0 and 1: what a score that rounds to 0 or 1 is set to, so that odds and logarithms exist. */
export const smallestScore = 2 ** -149;
export const largestScore = 1 - 2 ** -24;

/**
 * The score of row `row` of logits [P, numOutputs]: softmax(positive, negative)[0] of two candidates; of a value head the
 * sigmoid of one output, or the softmax of the positive class. NaN where a logit is not finite.
 */
export function stepScore(logits: Float32Array, numOutputs: number, row: number, convention: Convention): number {
  const outputs = logits.subarray(row * numOutputs, (row + 1) * numOutputs);
  if (!outputs.every(Number.isFinite)) return Number.NaN;
  return Math.min(Math.max(Math.fround(probability(outputs, convention)), smallestScore), largestScore);
}

function probability(outputs: Float32Array, convention: Convention): number {
  if (outputs.length === 1) return sigmoid(outputs[0] as number);
  const positive = convention.kind === "classification" ? convention.positiveClass : 0;
  const logit = outputs[positive] as number;
  // 1 / (sum over the classes of exp(l - l+)): its own term is 1, so that nothing is divided by 0.
  return 1 / outputs.reduce((sum, other) => sum + Math.exp(other - logit), 0);
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
