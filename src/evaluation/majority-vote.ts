/**
 * Majority vote over all N-subsets of M candidates. The most frequent answer of the subset wins, ties between answers are
 * resolved at random, candidates without an answer do not vote, and a subset in which none has one is wrong. Answer group g
 * has m_g candidates with the mean outcome y_g; u candidates have no answer. With n_g votes for group g in the subset,
 *   accuracy = sum over k of E[ (sum of y_g over the groups with n_g = k) / (number of them) ; the largest n_g is k ]
 * Each candidate is taken with p = N / M on its own: given that N were taken, every N-subset is equally likely, and groups are
 * independent. For each k the groups are gone through one by one with
 *   A(t, n) = P(n taken so far, no group above k, t groups at k)
 *   B(t, n) = E[ sum of y over those t groups ; the same ]
 * and the sum of B(t, N) / t is divided by P(N of M taken). Everything is a probability: no large number, no subtraction.
 * Groups smaller than k can neither win nor tie; together with the u they are one group without a bound.
 */
import { binomialProbabilities } from "./binomial.js";

export interface Votes {
  /** m_g of each answer group. */
  sizes: readonly number[];
  /** y_g of each answer group. */
  meanOutcomes: readonly number[];
  /** u */
  numWithoutAnswer: number;
}

/** M */
function numPooled({ sizes, numWithoutAnswer }: Votes): number {
  return sizes.reduce((total, size) => total + size, numWithoutAnswer);
}

/** What one k needs: the groups that can reach it, and how many candidates the others have. */
interface Level {
  k: number;
  groups: number[];
  numOthers: number;
}

/** The numbers of votes k with which a group can win. */
function* levelsOf(votes: Votes, numCandidates: number): Generator<Level, void, undefined> {
  const largest = Math.min(numCandidates, Math.max(0, ...votes.sizes));
  for (let k = 1; k <= largest; k++) {
    const groups = [...votes.sizes.keys()].filter((g) => (votes.sizes[g] as number) >= k);
    const numOthers = groups.reduce((rest, g) => rest - (votes.sizes[g] as number), numPooled(votes));
    if (numOthers + k * groups.length >= numCandidates) yield { k, groups, numOthers };
  }
}

/** The n that matter after `i` of the groups: reachable, and N is still within reach. */
function windowOf({ k, groups, numOthers }: Level, i: number, numCandidates: number): [low: number, high: number] {
  return [Math.max(0, numCandidates - numOthers - k * (groups.length - i)), Math.min(numCandidates, k * i)];
}

/** Multiplications of `majorityVoteAccuracy`, about: at most N^2 M ln N. Stops counting above `limit`. */
export function majorityVoteCost(votes: Votes, numCandidates: number, limit = Number.POSITIVE_INFINITY): number {
  let cost = 0;
  for (const level of levelsOf(votes, numCandidates)) {
    for (let i = 1; i <= level.groups.length && cost <= limit; i++) {
      const [low, high] = windowOf(level, i, numCandidates);
      const numTied = Math.min(i, Math.floor(numCandidates / level.k)) + 1;
      cost += 2 * numTied * (high - low + 1) * Math.min(level.k + 1, high + 1);
    }
  }
  return cost;
}

/** The exact expectation; 1 <= `numCandidates` <= M. */
export function majorityVoteAccuracy(votes: Votes, numCandidates: number): number {
  const M = numPooled(votes);
  if (numCandidates === M) return ofAll(votes);
  const p = numCandidates / M;
  const tables = new Map<number, Float64Array>();
  const probabilities = (size: number) => {
    const table = tables.get(size) ?? binomialProbabilities(size, p);
    tables.set(size, table);
    return table;
  };
  let accuracy = 0;
  for (const level of levelsOf(votes, numCandidates)) {
    accuracy += ofLevel(votes, level, numCandidates, probabilities);
  }
  return accuracy / (probabilities(M)[numCandidates] as number);
}

function ofAll({ sizes, meanOutcomes }: Votes): number {
  const most = Math.max(...sizes);
  const winners = [...sizes.keys()].filter((g) => sizes[g] === most);
  return winners.reduce((total, g) => total + (meanOutcomes[g] as number), 0) / Math.max(winners.length, 1);
}

/** The part of one k, not yet divided by P(N of M taken). */
function ofLevel(
  { sizes, meanOutcomes }: Votes,
  level: Level,
  numCandidates: number,
  probabilities: (size: number) => Float64Array,
): number {
  const { k, groups, numOthers } = level;
  const maxTied = Math.min(groups.length, Math.floor(numCandidates / k));
  const row = numCandidates + 1;
  let [a, b] = [new Float64Array((maxTied + 1) * row), new Float64Array((maxTied + 1) * row)];
  let [nextA, nextB] = [new Float64Array(a.length), new Float64Array(b.length)];
  a[0] = 1;
  for (const [i, g] of groups.entries()) {
    const taken = probabilities(sizes[g] as number);
    const atK = taken[k] as number;
    const y = meanOutcomes[g] as number;
    const [low, high] = windowOf(level, i + 1, numCandidates);
    const [lowBefore, highBefore] = windowOf(level, i, numCandidates);
    for (let t = 0; t <= Math.min(i + 1, maxTied); t++) {
      const at = t * row;
      for (let n = low; n <= high; n++) {
        let sumA = 0;
        let sumB = 0;
        // Fewer than k from this group.
        const end = Math.min(highBefore, n);
        for (let m = Math.max(lowBefore, n - k + 1); t <= i && m <= end; m++) {
          const chance = taken[n - m] as number;
          sumA += (a[at + m] as number) * chance;
          sumB += (b[at + m] as number) * chance;
        }
        // k from this group: one more of those that tie.
        const m = n - k;
        if (t > 0 && m >= lowBefore && m <= highBefore) {
          const before = (a[at - row + m] as number) * atK;
          sumA += before;
          sumB += (b[at - row + m] as number) * atK + before * y;
        }
        nextA[at + n] = sumA;
        nextB[at + n] = sumB;
      }
    }
    [a, b, nextA, nextB] = [nextA, nextB, a, b];
  }
  const others = numOthers === 0 ? Float64Array.of(1) : probabilities(numOthers);
  const [low, high] = windowOf(level, groups.length, numCandidates);
  let total = 0;
  for (let t = 1; t <= maxTied; t++) {
    for (let n = low; n <= high; n++) total += ((b[t * row + n] as number) * (others[numCandidates - n] as number)) / t;
  }
  return total;
}
