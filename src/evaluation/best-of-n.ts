/**
 * Best-of-N over all N-subsets of M candidates. With the candidates ascending by score, rank 1 .. M, the highest of a random
 * subset is the one of rank k with probability
 *   P(k) = C(k - 1, N - 1) / C(M, N) = F(k) N / k,     F(k) = C(k, N) / C(M, N),   F(M) = 1,   F(k - 1) = F(k) (k - N) / k
 * and the accuracy is the sum of P(k) y(k). Among equal scores any order of ranks is as good as another and the choice is
 * random: y(k) is the mean outcome of all candidates with the score of rank k. Scores are equal up to rounding: a mean or product of the
 * same step scores in another order differs in its last bits.
 */
import { tieTolerance } from "./tie-tolerance.js";

/** P(k) at k - 1: [M], sums to 1. No factor is above 1 and none is subtracted, so large M loses no digits. */
export function chanceOfBeingBest(numPooled: number, numCandidates: number): Float64Array {
  const chances = new Float64Array(numPooled);
  let allBelow = 1;
  for (let rank = numPooled; rank >= numCandidates; rank--) {
    chances[rank - 1] = (allBelow * numCandidates) / rank;
    allBelow *= (rank - numCandidates) / rank;
  }
  return chances;
}

/** y(k) at k - 1: [M]. `scores` (at least 0), `outcomes`: [M] */
export function outcomesByRank(scores: Float64Array, outcomes: Float64Array): Float64Array {
  const order = Int32Array.from(scores, (_, i) => i).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  const ranked = Float64Array.from(order, (i) => outcomes[i] as number);
  for (let start = 0; start < order.length; ) {
    let end = start;
    let right = 0;
    // A tie goes on while the next score is no further than rounding from the one before: ranges that never overlap.
    for (let last = Infinity; end < order.length; end++) {
      const score = scores[order[end] as number] as number;
      if (score > last * (1 + tieTolerance)) break;
      right += ranked[end] as number;
      last = score;
    }
    ranked.fill(right / (end - start), start, end);
    start = end;
  }
  return ranked;
}

/** `rankedOutcomes`: y [M], `chances`: P [M], both by rank. */
export function bestOfNAccuracy(rankedOutcomes: Float64Array, chances: Float64Array): number {
  return rankedOutcomes.reduce((total, outcome, i) => total + outcome * (chances[i] as number), 0);
}
