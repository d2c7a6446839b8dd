/**
 * pass@N: the expectation, over all N-subsets of M candidates of which c are right, that one of the N is right:
 *   1 - C(M - c, N) / C(M, N)
 * and pass@1, the expected outcome of any of the N at random, which is c / M whatever N is.
 */
import { passAtK } from "../data/selection.js";
import { mean, sum } from "./sums.js";

/** `outcomes`: [M], 0 or 1. */
export function passAtN(outcomes: Float64Array, numCandidates: number): number {
  return passAtK(outcomes.length, sum(outcomes), numCandidates);
}

/** `outcomes`: [M]. */
export function passAtOne(outcomes: Float64Array): number {
  return mean(outcomes);
}
