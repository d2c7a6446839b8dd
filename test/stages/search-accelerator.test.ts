/** Searches on the accelerator, in f32: policy and reward model in turn on one device. */
import test from "ava";
import { searchStage } from "../../src/stages/search.js";
import { accelerator } from "../support/accelerator.js";
import { collect } from "../support/fake-policy.js";
import { writeTinyModel } from "../support/tiny-engine.js";
import { loadTinyPolicy, parityGrader, tinyPrompt, tinyRule } from "../support/tiny-policy.js";
import { loadTinyRewardModel, writeTinyConfig } from "../support/tiny-scoring.js";

const problems = [0, 1].map((i) => ({ id: `p${i}`, question: `${i} + ${i}?`, answer: String(2 * i) }));

for (const algorithm of ["beam", "dvts", "best-of-n"] as const) {
  test(`${algorithm}: the CPU's solutions, and its scores to 1e-3`, async (t) => {
    const directory = await writeTinyModel(t);
    await writeTinyConfig(directory);
    const search = async (device: { device?: string; dtype?: "f32" }) => {
      const policy = await loadTinyPolicy(t, directory, device);
      const rewardModel = await loadTinyRewardModel(t, directory, { split: tinyRule, ...device });
      const common = { policy, rewardModel, grader: parityGrader, prompt: tinyPrompt, split: tinyRule } as const;
      const sampling = { temperature: 1, maxTokens: 40 };
      const options = { sampling, beams: 4, width: 2, seed: 4, algorithm };
      return collect(searchStage(problems, { ...common, ...options }));
    };
    const expected = await search({});
    const actual = await search({ device: accelerator, dtype: "f32" });
    type Searched = typeof expected;
    t.deepEqual(
      actual.map(({ solution }) => solution.steps),
      expected.map(({ solution }) => solution.steps),
    );
    const found = (all: Searched) => all.flatMap(({ record }) => record.solutions);
    t.is(found(actual).length, found(expected).length);
    const scores = (all: Searched) => found(all).flatMap(({ stepScores }) => stepScores);
    t.true(scores(expected).length > 0);
    for (const [i, score] of scores(expected).entries()) {
      t.true(Math.abs((scores(actual)[i] as number) - score) < 1e-3);
    }
  });
}
