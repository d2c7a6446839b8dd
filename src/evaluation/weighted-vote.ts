/**
 * Weighted vote on given subsets of the candidates: in each subset the answer with the largest sum of its candidates' scores
 * wins,
 *   accuracy = mean over subsets of ( mean over the winning answers of the mean outcome of their candidates in the subset )
 * Candidates without an answer do not vote; a subset in which none has one is wrong. Answers tie when their sums are equal up
 * to rounding. With all scores 1 it is the majority vote.
 */
import { noAnswer } from "./group-answers.js";
import type { Subsets } from "./subsets.js";

/** Relative: a sum of the same scores in another order is off by far less. */
const tieTolerance = 1e-12;

/** `groups`, `outcomes`, `scores`: [M], scores at least 0. */
export function weightedVoteAccuracy(
  { size, count, places }: Subsets,
  groups: Int32Array,
  outcomes: Float64Array,
  scores: Float64Array,
): number {
  const numGroups = groups.reduce((most, group) => Math.max(most, group + 1), 0);
  const sums = new Float64Array(numGroups);
  const numVotes = new Float64Array(numGroups);
  const numRight = new Float64Array(numGroups);
  let total = 0;
  for (let start = 0; start < count * size; start += size) {
    for (let i = start; i < start + size; i++) {
      const place = places[i] as number;
      const group = groups[place] as number;
      if (group === noAnswer) continue;
      sums[group] = (sums[group] as number) + (scores[place] as number);
      numVotes[group] = (numVotes[group] as number) + 1;
      numRight[group] = (numRight[group] as number) + (outcomes[place] as number);
    }
    let largest = 0;
    for (let i = start; i < start + size; i++) {
      const group = groups[places[i] as number] as number;
      if (group !== noAnswer && (sums[group] as number) > largest) largest = sums[group] as number;
    }
    let numWinners = 0;
    let outcome = 0;
    for (let i = start; i < start + size; i++) {
      const group = groups[places[i] as number] as number;
      // A group is looked at once, at its first candidate, and cleared for the next subset.
      if (group === noAnswer || numVotes[group] === 0) continue;
      if ((sums[group] as number) >= largest * (1 - tieTolerance)) {
        numWinners++;
        outcome += (numRight[group] as number) / (numVotes[group] as number);
      }
      sums[group] = numVotes[group] = numRight[group] = 0;
    }
    if (numWinners > 0) total += outcome / numWinners;
  }
  return total / count;
}
