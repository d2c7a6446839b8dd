import test from "ava";
import { allCountBiases, countBiases, countBiasesOf, countBiasNote } from "../../../src/evaluation/count-bias.js";

test("a fixed number has no bias, stopping by the counts and searching have theirs, a search that stops both", (t) => {
  const rounds = { label: "soft", minCompletions: 4, maxCompletions: 64 } as const;
  t.deepEqual(countBiasesOf(undefined), []);
  t.deepEqual(countBiasesOf({ kind: "fixed", numCompletions: 4 }), []);
  t.deepEqual(countBiasesOf({ kind: "adaptive", tolerance: 0.2, ...rounds }), ["stopped"]);
  t.deepEqual(countBiasesOf({ kind: "gain", gain: 0.001, ...rounds }), ["stopped"]);
  t.deepEqual(countBiasesOf({ kind: "first-error", numCompletions: 8 }), ["searched"]);
  t.deepEqual(countBiasesOf({ kind: "first-error", numCompletions: 8, minCompletions: 2 }), ["stopped", "searched"]);
});

test("biases of several labels are each named once, in one order, and said in one sentence", (t) => {
  t.deepEqual(allCountBiases([["searched"], [], ["stopped", "searched"]]), [...countBiases]);
  t.is(countBiasNote([]), undefined);
  t.regex(countBiasNote(["stopped"]) as string, /rates are biased\.$/);
  t.regex(countBiasNote(["stopped", "searched"]) as string, /biased; only prefixes/);
});
