import test from "ava";
import fc from "fast-check";
import { aggregate, bestOfN, majorityVote, passAtK, weightedVote } from "../../../src/data/selection.js";
import type { ErprmError } from "../../../src/errors.js";
import type { Aggregate } from "../../../src/types.js";

test("an aggregate is what its name says", (t) => {
  const stepScores = Float32Array.of(0.75, 0.25, 0.5);
  t.is(aggregate(stepScores, "min"), 0.25);
  t.is(aggregate(stepScores, "last"), 0.5);
  t.is(aggregate(stepScores, "mean"), 0.5);
  t.is(aggregate(stepScores, "product"), 0.09375);
});

test("no steps, a score that is not finite and an unknown aggregate are refused", (t) => {
  for (const call of [
    () => aggregate([], "min"),
    () => aggregate([0.5, Number.NaN], "last"),
    () => aggregate([0.5], "max" as Aggregate),
    () => bestOfN([]),
    () => bestOfN([Number.NaN]),
  ]) {
    t.is(t.throws<ErprmError>(call).code, "ERPRM_INVALID_ARGUMENT");
  }
});

test("best-of-N takes the highest score, the first of equal ones", (t) => {
  t.is(bestOfN([0.1, 0.7, 0.7, 0.2]), 1);
  t.is(bestOfN([-3]), 0);
});

test("majority vote ignores solutions without an answer and gives ties to the answer that came first", (t) => {
  t.deepEqual(majorityVote(["5", undefined, "7", "7", "5", undefined, undefined]), {
    answer: "5",
    index: 0,
    weight: 2,
  });
  t.deepEqual(majorityVote(["5", "7", "7"]), { answer: "7", index: 1, weight: 2 });
  t.is(majorityVote([undefined]), undefined);
  t.is(majorityVote([]), undefined);
});

test("votes for equal answers are counted together", (t) => {
  const same = (a: string, b: string) => Number(a) === Number(b);
  t.deepEqual(majorityVote(["3", "0.5", ".5"], same), { answer: "0.5", index: 1, weight: 2 });
});

test("a weighted vote sums scores, so that one confident solution can outvote two", (t) => {
  t.is(weightedVote(["5", "7", "7"], [0.9, 0.3, 0.4])?.answer, "5");
  t.is(weightedVote(["5", "7", "7"], [0.6, 0.3, 0.4])?.answer, "7");
  t.is(weightedVote(["5", "7"], [0.5, 0.5])?.answer, "5");
  t.is(t.throws<ErprmError>(() => weightedVote(["5"], [0.5, 0.5])).code, "ERPRM_INVALID_ARGUMENT");
  t.is(t.throws<ErprmError>(() => weightedVote(["5"], [-0.5])).code, "ERPRM_INVALID_ARGUMENT");
});

test("pass@k is the share of k-subsets with a correct solution, counted one by one", (t) => {
  for (let numSolutions = 1; numSolutions <= 9; numSolutions += 1) {
    for (let numCorrect = 0; numCorrect <= numSolutions; numCorrect += 1) {
      const hits = new Array(numSolutions + 1).fill(0);
      const subsets = new Array(numSolutions + 1).fill(0);
      for (let subset = 1; subset < 2 ** numSolutions; subset += 1) {
        const size = subset.toString(2).replaceAll("0", "").length;
        subsets[size] += 1;
        // Solutions 0 .. numCorrect - 1 are the correct ones.
        if ((subset & (2 ** numCorrect - 1)) !== 0) hits[size] += 1;
      }
      for (let k = 1; k <= numSolutions; k += 1) {
        t.true(Math.abs(passAtK(numSolutions, numCorrect, k) - hits[k] / subsets[k]) < 1e-14);
      }
    }
  }
});

test("pass@k is unbiased: its mean over binomial draws is 1 - (1 - p)^k", (t) => {
  const numSolutions = 12;
  for (const p of [0.05, 0.4]) {
    for (const k of [1, 3, 12]) {
      let mean = 0;
      let ways = 1;
      for (let numCorrect = 0; numCorrect <= numSolutions; numCorrect += 1) {
        mean += ways * p ** numCorrect * (1 - p) ** (numSolutions - numCorrect) * passAtK(numSolutions, numCorrect, k);
        ways = (ways * (numSolutions - numCorrect)) / (numCorrect + 1);
      }
      t.true(Math.abs(mean - (1 - (1 - p) ** k)) < 1e-12);
    }
  }
});

test("pass@k grows with k and stays in [0, 1] for thousands of solutions", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5000 }), fc.nat(5000), fc.nat(5000), (numSolutions, correct, k) => {
      const numCorrect = correct % (numSolutions + 1);
      const smaller = 1 + (k % (numSolutions - 1));
      const low = passAtK(numSolutions, numCorrect, smaller);
      const high = passAtK(numSolutions, numCorrect, smaller + 1);
      t.true(low >= 0 && high <= 1 && high >= low - 1e-12);
    }),
  );
});

test("pass@k with k above the number of solutions is refused, not extrapolated", (t) => {
  t.is(t.throws<ErprmError>(() => passAtK(4, 1, 5)).code, "ERPRM_INVALID_ARGUMENT");
});
