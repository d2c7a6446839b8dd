import test from "ava";
import type { PolicyOptions } from "../../src/policy/policy.js";
import { labelStageWithCompletions } from "../../src/stages/label.js";
import { rolloutStage } from "../../src/stages/rollout.js";
import type { Allocation } from "../../src/types.js";
import { collect } from "../support/fake-policy.js";
import { isSameResult, sameResult } from "../support/near.js";
import { blockBytes, writeTinyModel } from "../support/tiny-engine.js";
import { loadTinyPolicy, parityGrader, tinyPrompt, tinyRule } from "../support/tiny-policy.js";

const problems = Array.from({ length: 5 }, (_, i) => ({ id: `p${i}`, question: `${i} + ${3 * i}?`, answer: "4" }));
const sampling = { maxTokens: 48 };
const common = { prompt: tinyPrompt, split: tinyRule, seed: 3, grader: parityGrader };

for (const allocation of [
  { kind: "adaptive", label: "soft", tolerance: 0.3, minCompletions: 2, maxCompletions: 12 },
  { kind: "first-error", numCompletions: 3 },
  { kind: "first-error", numCompletions: 8, minCompletions: 2 },
] satisfies Allocation[]) {
  test(`the engine samples the beginning of a fixed number for ${JSON.stringify(allocation)}, however it runs`, async (t) => {
    const directory = await writeTinyModel(t);
    const label = async (options: PolicyOptions, how: object) => {
      const policy = await loadTinyPolicy(t, directory, options);
      const solutions = await collect(rolloutStage(problems, { ...common, policy, numSolutions: 5, sampling }));
      return collect(labelStageWithCompletions(solutions, { ...common, policy, sampling, ...how }));
    };
    const expected = await label({}, { allocation });
    const whole = await label({}, { numCompletions: 12 });
    let numCompletions = 0;
    for (const [s, { completions }] of expected.entries()) {
      const all = whole[s]?.completions ?? [];
      for (const completion of completions) t.true(all.some((one) => isSameResult(one, completion)));
      numCompletions += completions.length;
    }
    const numWhole = whole.reduce((sum, { completions }) => sum + completions.length, 0);
    t.true(numCompletions > 20 && numCompletions < numWhole, `${numCompletions} of ${numWhole}`);
    for (const options of [
      { threads: 2, maxBatch: 3 },
      { maxBatch: 1 },
      { maxBatch: 16, kvMemoryBytes: 8 * blockBytes },
    ]) {
      sameResult(t, await label(options, { allocation }), expected);
    }
  });
}
