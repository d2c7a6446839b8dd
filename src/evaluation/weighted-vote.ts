/**
 * Weighted vote on given subsets of the candidates: in each subset the answer with the largest sum of its candidates' scores
 * wins,
 *   accuracy = mean over subsets of ( mean over the winning answers of the mean outcome of their candidates in the subset )
 * Candidates without an answer do not vote; a subset in which none has one is wrong. Answers tie when their sums are equal up
 * to rounding. With all scores 1 it is the majority vote.
 */
import type { Ballots } from "./ballots.js";
import { tieTolerance } from "./tie-tolerance.js";

/** `scores`: [M], at least 0. */
export function weightedVoteAccuracy(
  { partyEnds, voterEnds, voters, outcomes }: Ballots,
  scores: Float64Array,
): number {
  let total = 0;
  let party = 0;
  let voter = 0;
  for (let s = 0; s < partyEnds.length; s++) {
    let largest = 0;
    let outcome = 0;
    let numWinners = 0;
    for (const end = partyEnds[s] as number; party < end; party++) {
      let sum = 0;
      for (const lastVoter = voterEnds[party] as number; voter < lastVoter; voter++) {
        sum += scores[voters[voter] as number] as number;
      }
      if (sum < largest * (1 - tieTolerance)) continue;
      if (sum > largest * (1 + tieTolerance)) outcome = numWinners = 0;
      largest = Math.max(largest, sum);
      outcome += outcomes[party] as number;
      numWinners++;
    }
    if (numWinners > 0) total += outcome / numWinners;
  }
  return total / partyEnds.length;
}
