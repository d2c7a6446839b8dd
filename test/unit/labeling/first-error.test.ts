import test from "ava";
import fc from "fast-check";
import { nextRound, type PrefixCounts } from "../../../src/labeling/allocation.js";
import { firstErrorOf, inferredFrom } from "../../../src/labeling/first-error.js";
import type { Outcome, StepCounts } from "../../../src/types.js";

const search = { kind: "first-error", numCompletions: 8 } as const;

/** Searches a solution whose prefix t has `correct[t]` right completions of 8. */
function searched(correct: readonly number[], outcome: Outcome = 0) {
  const counts = correct.map((): PrefixCounts => ({ numCompletions: 0, numCorrect: 0 }));
  const visited: number[] = [];
  for (;;) {
    const wanted = nextRound(search, counts, outcome);
    for (const [t, count] of wanted.entries()) {
      if (count === 0) continue;
      visited.push(t);
      counts[t] = { numCompletions: count, numCorrect: correct[t] as number };
    }
    if (wanted.every((count) => count === 0)) break;
  }
  const steps = counts.map((count, t): StepCounts => {
    return { text: "", ...count, ...(count.numCompletions === 0 && { inferredFrom: inferredFrom(counts, t) }) };
  });
  steps.push({ text: "", numCompletions: 1, numCorrect: outcome, terminal: true });
  return { visited, steps, firstError: firstErrorOf(steps) };
}

test("the search finds the first error wherever it is, in no more than log2 of the steps rounded up", (t) => {
  for (let numSteps = 1; numSteps <= 40; numSteps += 1) {
    for (let error = 0; error < numSteps; error += 1) {
      const correct = Array.from({ length: numSteps - 1 }, (_, i) => (i < error ? 3 : 0));
      const { visited, firstError } = searched(correct);
      t.is(firstError, error, `${numSteps} steps`);
      t.true(visited.length <= Math.ceil(Math.log2(numSteps)), `${visited.length} of ${numSteps}`);
    }
  }
});

test("an inferred step stands on the nearest step that proves its label", (t) => {
  // Visited: 4 (wrong), 2 (right), 3 (right).
  const { visited, steps } = searched([1, 1, 5, 2, 0, 0, 0, 0]);
  t.deepEqual(visited, [4, 2, 3]);
  t.deepEqual(
    steps.map((step) => step.inferredFrom),
    [2, 2, undefined, undefined, undefined, 4, 4, 4, undefined],
  );
});

test("steps behind the first error stand on the nearest measured one before them", (t) => {
  // Visited: 4 (wrong), 2 (wrong), 1 (right).
  const { visited, steps } = searched([1, 1, 0, 0, 0, 0, 0, 0]);
  t.deepEqual(visited, [4, 2, 1]);
  t.deepEqual(
    steps.map((step) => step.inferredFrom),
    [1, undefined, undefined, 2, undefined, 4, 4, 4, undefined],
  );
});

test("where the policy finds its way back, the search ends at an error whose predecessor still had a right completion", (t) => {
  const { firstError, steps } = searched([4, 0, 0, 0, 2, 0, 0, 0]);
  t.is(firstError, 5, "not 1: step 4 was asked first, and was right");
  t.is(steps[1]?.inferredFrom, 4);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 30 }), (correct) => {
      const { firstError: found, visited, steps: all } = searched(correct);
      t.true(found >= 0 && found <= correct.length);
      if (found < correct.length) t.is(correct[found], 0);
      if (found > 0) t.true((correct[found - 1] as number) > 0);
      t.is(new Set(visited).size, visited.length, "no prefix twice");
      for (const [i, { inferredFrom: other }] of all.entries()) {
        if (other === undefined) continue;
        t.true(visited.includes(other));
        t.is((all[other]?.numCorrect as number) > 0, i < found, "labels fall once, at the first error");
      }
    }),
  );
});

test("a right solution is measured whole", (t) => {
  t.deepEqual(searched([8, 0, 3], 1).visited, [0, 1, 2]);
});

test("a wrong solution whose every prefix can be saved has its error in the last step", (t) => {
  const { firstError, steps } = searched([1, 2, 3, 4]);
  t.is(firstError, 4);
  t.is(steps[4]?.terminal, true);
});

test("a solution of one step has nothing to search", (t) => {
  t.deepEqual(searched([]).visited, []);
  t.is(searched([], 0).firstError, 0);
  t.is(searched([], 1).firstError, -1);
});

test("with a least number, a prefix gets no more once a completion is right, and all before the search moves on", (t) => {
  const early = { kind: "first-error", numCompletions: 16, minCompletions: 4 } as const;
  const none = { numCompletions: 0, numCorrect: 0 };
  const counts = [none, none, none];
  t.deepEqual(nextRound(early, counts, 0), [0, 4, 0]);
  t.deepEqual(nextRound(early, [none, { numCompletions: 4, numCorrect: 1 }, none], 0), [0, 0, 4]);
  t.deepEqual(nextRound(early, [none, { numCompletions: 4, numCorrect: 0 }, none], 0), [0, 2, 0], "it is not settled");
  t.deepEqual(nextRound(early, [none, { numCompletions: 14, numCorrect: 0 }, none], 0), [0, 2, 0]);
  t.deepEqual(nextRound(early, [none, { numCompletions: 16, numCorrect: 0 }, none], 0), [4, 0, 0]);
  t.deepEqual(
    nextRound(early, [none, { numCompletions: 4, numCorrect: 4 }, { numCompletions: 9, numCorrect: 0 }], 1),
    [4, 0, 5],
  );
});
