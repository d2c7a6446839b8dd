import test from "ava";
import { ballotsOf } from "../../../src/evaluation/ballots.js";
import type { Subsets } from "../../../src/evaluation/subsets.js";
import { weightedVoteAccuracy } from "../../../src/evaluation/weighted-vote.js";

const given = (...subsets: number[][]): Subsets => ({
  size: subsets[0]?.length ?? 0,
  count: subsets.length,
  places: Int32Array.from(subsets.flat()),
  computation: "exact",
});

test("voters with one answer stand next to each other, the silent are left out, and parties end where they should", (t) => {
  const groups = Int32Array.of(2, 0, 2, -1, 0);
  const ballots = ballotsOf(given([0, 1, 2, 3], [3, 4, 1, 0]), groups, Float64Array.of(1, 0, 0, 1, 1));
  t.deepEqual([...ballots.voters], [0, 2, 1, 4, 1, 0]);
  t.deepEqual([...ballots.voterEnds], [2, 3, 5, 6]);
  t.deepEqual([...ballots.partyEnds], [2, 4]);
  t.deepEqual([...ballots.outcomes], [0.5, 0, 0.5, 1]);
});

test("subsets in which nobody votes have no parties and are wrong", (t) => {
  const ballots = ballotsOf(given([0, 1], [1, 2], [0, 1]), Int32Array.of(-1, -1, 0), Float64Array.of(1, 1, 1));
  t.deepEqual([...ballots.partyEnds], [0, 1, 1]);
  t.is(weightedVoteAccuracy(ballots, Float64Array.of(1, 1, 1)), 1 / 3);
});

test("the largest sum wins wherever it stands; what ties with it shares, what tied with a smaller one does not", (t) => {
  const groups = Int32Array.of(0, 1, 2);
  const outcomes = Float64Array.of(1, 0, 1);
  const accuracy = (...scores: number[]) =>
    weightedVoteAccuracy(ballotsOf(given([0, 1, 2]), groups, outcomes), Float64Array.from(scores));
  t.is(accuracy(0.3, 0.2, 0.1), 1);
  t.is(accuracy(0.2, 0.3, 0.1), 0);
  t.is(accuracy(0.2, 0.2, 0.3), 1);
  t.is(accuracy(0.3, 0.3, 0.2), 1 / 2);
  t.is(accuracy(0.2, 0.3, 0.3), 1 / 2);
  t.is(accuracy(0.3, 0.3, 0.3), 2 / 3);
  t.is(accuracy(0, 0, 0), 2 / 3);
  t.is(accuracy(1e-30, 2e-30, 1e-30), 0);
});
