import test from "ava";
import { majorityVoteAccuracy, majorityVoteCost, type Votes } from "../../../src/evaluation/majority-vote.js";

/** ln k! */
const logFactorials = [0];
for (let k = 1; k <= 2000; k++) logFactorials.push((logFactorials[k - 1] as number) + Math.log(k));
const logBinomial = (n: number, k: number) =>
  (logFactorials[n] as number) - (logFactorials[k] as number) - (logFactorials[n - k] as number);

/** Two answers: the number of votes for the first is hypergeometric. */
function ofTwo(right: number, wrong: number, n: number): number {
  let accuracy = 0;
  for (let k = Math.max(0, n - wrong); k <= Math.min(n, right); k++) {
    const chance = Math.exp(logBinomial(right, k) + logBinomial(wrong, n - k) - logBinomial(right + wrong, n));
    accuracy += chance * (k > n - k ? 1 : 2 * k === n ? 0.5 : 0);
  }
  return accuracy;
}

test("of two answers the vote is the tail of the hypergeometric distribution, for up to 1024 candidates", (t) => {
  for (const [right, wrong] of [
    [512, 512],
    [600, 424],
    [3, 1021],
    [40, 24],
    [1, 1],
  ] as const) {
    for (const n of [1, 2, 3, 16, 63, 64, 511, 512, 1000, 1023, 1024]) {
      if (n > right + wrong) continue;
      const votes = { sizes: [right, wrong], meanOutcomes: [1, 0], numWithoutAnswer: 0 };
      const [found, expected] = [majorityVoteAccuracy(votes, n), ofTwo(right, wrong, n)];
      t.true(Math.abs(found - expected) < 1e-10, `${right} ${wrong} ${n}: ${found}, not ${expected}`);
    }
  }
});

test("when all answers differ every candidate wins as often", (t) => {
  for (const size of [5, 64, 200]) {
    const meanOutcomes = Array.from({ length: size }, (_, i) => (i < 3 ? 1 : 0));
    const votes: Votes = { sizes: Array(size).fill(1), meanOutcomes, numWithoutAnswer: 0 };
    for (const n of [1, 2, 5, size]) t.true(Math.abs(majorityVoteAccuracy(votes, n) - 3 / size) < 1e-12);
  }
});

test("one answer among silent candidates wins unless the subset has none of it", (t) => {
  for (const n of [1, 3, 10, 500, 1000, 1024]) {
    const votes = { sizes: [24], meanOutcomes: [0.5], numWithoutAnswer: 1000 };
    const silent = n > 1000 ? 0 : Math.exp(logBinomial(1000, n) - logBinomial(1024, n));
    t.true(Math.abs(majorityVoteAccuracy(votes, n) - (1 - silent) / 2) < 1e-12, `${n}`);
  }
});

test("answers that are alike share the win: the mean outcome is what remains", (t) => {
  // By symmetry each of eight answers of eight candidates wins with probability 1/8, whatever N.
  const votes = { sizes: Array(8).fill(8), meanOutcomes: [1, 0, 0.25, 0, 0, 0, 0, 0], numWithoutAnswer: 0 };
  for (const n of [1, 2, 7, 8, 32, 63, 64]) {
    t.true(Math.abs(majorityVoteAccuracy(votes, n) - 1.25 / 8) < 1e-12, `${n}: ${majorityVoteAccuracy(votes, n)}`);
  }
});

test("nobody with an answer is wrong", (t) => {
  const votes = { sizes: [], meanOutcomes: [], numWithoutAnswer: 5 };
  for (const n of [1, 3, 5]) t.is(majorityVoteAccuracy(votes, n), 0);
});

test("the cost grows with N and M, is small for 64 candidates, and counting it stops at the limit", (t) => {
  const spread = (size: number): Votes => {
    const sizes = Array.from({ length: 20 }, (_, i) => Math.ceil(size / 2 ** (i + 1)));
    return { sizes, meanOutcomes: sizes.map(() => 0), numWithoutAnswer: 5 };
  };
  t.true(majorityVoteCost(spread(64), 32) < 2 ** 20);
  t.true(majorityVoteCost(spread(64), 32) > majorityVoteCost(spread(64), 4));
  const alike: Votes = { sizes: Array(64).fill(16), meanOutcomes: Array(64).fill(0), numWithoutAnswer: 0 };
  t.true(majorityVoteCost(alike, 512) > 2 ** 25);
  const counted = majorityVoteCost(alike, 512, 1000);
  t.true(counted > 1000 && counted < 2 ** 25);
});
