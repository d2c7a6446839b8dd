import test from "ava";
import {
  type SelectionCandidate,
  type SelectionSettings,
  selectSolutions,
} from "../../../src/stages/finetune-selection.js";

const steps = ["It is 4.\n", "The answer is 4."];
const one = (outcome: 0 | 1, score?: number, more: Partial<SelectionCandidate> = {}): SelectionCandidate => ({
  outcome,
  steps,
  finishReason: "stop",
  ...(score !== undefined && { score }),
  ...more,
});
const cutOff = { finishReason: "length" } as const;
const select = (settings: SelectionSettings, ...candidates: SelectionCandidate[]) =>
  selectSolutions(candidates, settings);

test("top takes the highest score, right or wrong", (t) => {
  t.deepEqual(select({ rule: "top" }, one(1, 0.2), one(0, 0.9), one(1, 0.8)), [1]);
});

test("top-correct takes the highest score among the right ones", (t) => {
  t.deepEqual(select({ rule: "top-correct" }, one(1, 0.2), one(0, 0.9), one(1, 0.8)), [2]);
});

test("correct takes all right ones, scored or not", (t) => {
  t.deepEqual(select({ rule: "correct" }, one(1), one(0, 0.9), one(1, 0.1)), [0, 2]);
});

test("threshold takes all with at least that score, right or wrong", (t) => {
  t.deepEqual(select({ rule: "threshold", threshold: 0.5 }, one(0, 0.5), one(1, 0.49), one(1, 0.51)), [0, 2]);
});

test("a tie goes to the first", (t) => {
  t.deepEqual(select({ rule: "top" }, one(0, 0.1), one(0, 0.7), one(1, 0.7)), [1]);
  t.deepEqual(select({ rule: "top-correct" }, one(0, 0.7), one(1, 0.7), one(1, 0.7)), [1]);
});

test("no rule takes a solution that was cut off, has no text, or has no score where scores decide", (t) => {
  const unusable = [one(1, 0.9, cutOff), one(1, 0.9, { steps: [] }), one(1, 0.9, { steps: [" \n"] })];
  for (const rule of ["top", "top-correct", "correct"] as const) {
    t.deepEqual(select({ rule }, ...unusable), [], rule);
    t.deepEqual(select({ rule }, ...unusable, one(1, 0.1)), [3], rule);
  }
  t.deepEqual(select({ rule: "threshold", threshold: 0.5 }, ...unusable), []);
  t.deepEqual(select({ rule: "top" }, one(1), one(0, 0.1)), [1]);
});

test("no usable solution is an empty selection", (t) => {
  t.deepEqual(select({ rule: "top" }), []);
  t.deepEqual(select({ rule: "top-correct" }, one(0, 0.9)), []);
  t.deepEqual(select({ rule: "correct" }, one(0)), []);
  t.deepEqual(select({ rule: "threshold", threshold: 0.95 }, one(1, 0.9)), []);
});

test("a rule that is none, a threshold where none belongs and a score that is no number are refused", (t) => {
  t.throws(() => select({ rule: "best" as never }, one(1, 1)), { code: "ERPRM_INVALID_ARGUMENT", message: /one of/ });
  t.throws(() => select({ rule: "threshold" }, one(1, 1)), { message: /threshold .*finite number/ });
  t.throws(() => select({ rule: "top", threshold: 1 }, one(1, 1)), { message: /only with the selection threshold/ });
  t.throws(() => select({ rule: "top" }, one(1, Number.NaN)), { message: /the score of solution 0/ });
});
