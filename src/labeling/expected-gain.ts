/**
 * What one more completion of a prefix is worth: by how much it is expected to lower the variance of the label, over the
 * posterior of the success rate under Jeffreys' prior. Spending where this is largest makes the mean squared error of all
 * labels small, where a tolerance makes the largest ones small.
 */
import { parseLabelName } from "../data/label-name.js";
import { posteriorMoments } from "../data/posterior-label.js";
import { jeffreys } from "../data/step-labels.js";
import type { LabelName } from "../types.js";
import type { PrefixCounts } from "./allocation.js";

/** At least 0, but for rounding; of `soft` or `er:ETA`. */
export function expectedGain(label: LabelName, { numCompletions, numCorrect }: PrefixCounts): number {
  const name = parseLabelName(label);
  const alpha = numCorrect + jeffreys[0];
  const beta = numCompletions - numCorrect + jeffreys[1];
  const chance = alpha / (alpha + beta);
  const variance = (a: number, b: number) => posteriorMoments(name, a, b).deviation ** 2;
  return variance(alpha, beta) - chance * variance(alpha + 1, beta) - (1 - chance) * variance(alpha, beta + 1);
}
