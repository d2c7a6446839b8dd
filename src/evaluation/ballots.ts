/**
 * What the candidates of a subset vote for, subset after subset: its voters (candidates with an answer), those with the same answer
 * next to each other. It does not depend on scores, so it is made once for all models.
 */
import { noAnswer } from "./group-answers.js";
import type { Subsets } from "./subsets.js";

/** Parties: the voters of one subset with one answer. */
export interface Ballots {
  /** Number of parties before and with subset s: [count]. */
  partyEnds: Int32Array;
  /** Number of voters before and with party q. */
  voterEnds: Int32Array;
  /** Places of the voters. */
  voters: Int32Array;
  /** Mean outcome of each party's voters. */
  outcomes: Float64Array;
}

/** `groups`, `outcomes`: [M] */
export function ballotsOf({ size, count, places }: Subsets, groups: Int32Array, outcomes: Float64Array): Ballots {
  const numGroups = groups.reduce((most, group) => Math.max(most, group + 1), 0);
  const numVotes = new Int32Array(numGroups);
  const numRight = new Float64Array(numGroups);
  const next = new Int32Array(numGroups);
  const partyEnds = new Int32Array(count);
  const voterEnds = new Int32Array(count * Math.min(size, numGroups));
  const voters = new Int32Array(places.length);
  const partyOutcomes = new Float64Array(voterEnds.length);
  let numParties = 0;
  let numVoters = 0;
  for (let s = 0; s < count; s++) {
    const [start, end] = [s * size, (s + 1) * size];
    for (let i = start; i < end; i++) {
      const group = groups[places[i] as number] as number;
      if (group === noAnswer) continue;
      numVotes[group] = (numVotes[group] as number) + 1;
      numRight[group] = (numRight[group] as number) + (outcomes[places[i] as number] as number);
    }
    for (let i = start; i < end; i++) {
      const group = groups[places[i] as number] as number;
      if (group === noAnswer) continue;
      if ((numVotes[group] as number) > 0) {
        // The first of its party: the places after it are kept for the others.
        next[group] = numVoters;
        numVoters += numVotes[group] as number;
        voterEnds[numParties] = numVoters;
        partyOutcomes[numParties] = (numRight[group] as number) / (numVotes[group] as number);
        numParties++;
        numVotes[group] = numRight[group] = 0;
      }
      voters[next[group] as number] = places[i] as number;
      next[group] = (next[group] as number) + 1;
    }
    partyEnds[s] = numParties;
  }
  return {
    partyEnds,
    voterEnds: voterEnds.subarray(0, numParties),
    voters: voters.subarray(0, numVoters),
    outcomes: partyOutcomes.subarray(0, numParties),
  };
}
