import test from "ava";
import { noAnswer } from "../../../src/evaluation/group-answers.js";
import { importScript } from "../../support/script.js";

interface Found {
  answerGroup: number;
  outcome: 0 | 1;
  finishReason: "stop" | "length";
  numTokens: number;
  scores: Record<string, number>;
}

const { heldBy, bestOutcome, majorityOutcome, meanOutcome } = await importScript<{
  heldBy(solutions: Found[], tokens: number): Found[];
  bestOutcome(solutions: Found[], aggregate: string): number;
  majorityOutcome(solutions: Found[]): number;
  meanOutcome(solutions: Found[]): number;
}>("search/at-budget.mjs");

const found = (answerGroup: number, outcome: 0 | 1, last: number, more: Partial<Found> = {}): Found => ({
  ...{ answerGroup, outcome, finishReason: "stop", numTokens: 5, scores: { last, min: 1 - last } },
  ...more,
});

test("tokens hold the first solutions, as many as fit one after another, and the first one always", (t) => {
  const solutions = [5, 6, 2, 9].map((numTokens) => found(1, 1, 0.5, { numTokens }));
  const held = [0, 4, 5, 10, 11, 12, 13, 21, 22, 99].map((tokens) => heldBy(solutions, tokens).length);
  t.deepEqual(held, [1, 1, 1, 1, 2, 2, 3, 3, 4, 4]);
});

test("best-of-N takes the highest score, of equal ones the first, of cut-off solutions only where there is no other", (t) => {
  const solutions = [found(1, 0, 0.3), found(2, 1, 0.7), found(3, 0, 0.7)];
  t.is(bestOutcome(solutions, "last"), 1);
  t.is(bestOutcome(solutions, "min"), 0);
  const cut = found(4, 0, 0.9, { finishReason: "length" });
  t.is(bestOutcome([cut, ...solutions], "last"), 1);
  t.is(bestOutcome([cut], "last"), 0);
});

test("the majority's answer is the most frequent one, of equally frequent ones the first; without answers it is wrong", (t) => {
  t.is(majorityOutcome([found(2, 0, 0.1), found(1, 1, 0.1), found(1, 1, 0.1)]), 1);
  t.is(majorityOutcome([found(2, 0, 0.1), found(1, 1, 0.1)]), 0);
  const none = found(noAnswer, 0, 0.1);
  t.is(majorityOutcome([none, none, found(1, 1, 0.1)]), 1);
  t.is(majorityOutcome([none]), 0);
});

test("pass@1 is the mean outcome", (t) => {
  t.is(meanOutcome([found(1, 1, 0), found(2, 0, 0), found(2, 0, 0), found(1, 1, 0)]), 0.5);
});
