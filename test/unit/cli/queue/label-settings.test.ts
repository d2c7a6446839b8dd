import test from "ava";
import { checkLabelSettings, type LabelSettings } from "../../../../src/cli/queue/label-settings.js";
import { unitName, unitWork } from "../../../../src/cli/worker/label-unit.js";
import type { Allocation, Estimator } from "../../../../src/types.js";

const sampling = { temperature: 0.7, topP: 1, topK: 0, minP: 0, maxTokens: 64, stop: ["\n\n"] };

function settingsOf(allocation: Allocation, estimator: Estimator, more: Partial<LabelSettings> = {}): LabelSettings {
  return {
    unit: "problem",
    policy: { device: "cpu", dtype: "int8" },
    prompt: { instruction: "" },
    split: "auto",
    seed: 2 ** 40,
    numSolutions: 16,
    sampling,
    completions: sampling,
    allocation,
    estimator,
    etas: [1, -0.5],
    keepCompletions: true,
    ...more,
  };
}

const fixed: Allocation = { kind: "fixed", numCompletions: 16 };
const plugIn: Estimator = { kind: "plug-in" };

test("settings come out of the queue as they went in, whatever the allocation and the estimator", (t) => {
  const adaptive = { label: "er:2", minCompletions: 4, maxCompletions: 64 } as const;
  const allocations: Allocation[] = [
    fixed,
    { kind: "adaptive", tolerance: 0.1, ...adaptive },
    { kind: "gain", gain: 0.01, ...adaptive },
    { kind: "first-error", numCompletions: 8 },
    { kind: "first-error", numCompletions: 8, minCompletions: 2 },
  ];
  for (const allocation of allocations) {
    for (const estimator of [plugIn, { kind: "posterior", prior: [0.5, 0.5] } as const]) {
      const settings = settingsOf(allocation, estimator, {
        policy: { device: "cpu", dtype: "f32", contextLength: 99 },
      });
      t.deepEqual(checkLabelSettings(JSON.parse(JSON.stringify(settings))), settings);
    }
  }
});

test("settings of something else are refused with what is wrong", (t) => {
  for (const wrong of [
    null,
    {},
    settingsOf({ kind: "fixed", numCompletions: 0 }, plugIn),
    { ...settingsOf(fixed, plugIn), unit: "step" },
  ]) {
    t.throws(() => checkLabelSettings(wrong), { code: "ERPRM_INVALID_DATA", message: /settings of a label run/ });
  }
});

test("a unit is named by its problem and solution, and what is none is refused", (t) => {
  const problem = settingsOf(fixed, plugIn);
  t.is(unitName(problem, { id: 'a"b', question: "1 + 1?", answer: "2" }), 'problem "a\\"b"');
  const solution = { problemId: "p", index: 3, question: "1 + 1?", answer: "2", steps: ["2"], outcome: 1 };
  t.is(unitName({ ...problem, unit: "solution" }, solution), 'problem "p" solution 3');
  t.throws(() => unitName(problem, solution), { code: "ERPRM_INVALID_DATA" });
});

test("an engine is busy with four times its slots where solutions come first, with twice as many where they are there", (t) => {
  t.deepEqual(unitWork(settingsOf(fixed, plugIn), 64), { expected: 16 * (1 + 16 * 7), wanted: 256 });
  t.deepEqual(unitWork(settingsOf(fixed, plugIn, { unit: "solution" }), 64), { expected: 16 * 7, wanted: 128 });
});
