import { join } from "node:path";
import test from "ava";
import { RewardModel } from "../../../src/reward/reward-model.js";
import { rewardModelFile, writeRewardModelConfig } from "../../../src/reward/reward-model-config.js";
import { servingWorkload, writeServedShape } from "../../bench/serving-model.js";
import { byteModelConfig } from "../../bench/serving-workload.js";
import { makeFolder } from "../../support/folder.js";

const settings = { threads: 1, peerThreads: 1, batchTokens: 4096, peerBatchTokens: 4096, batchWaitMs: 2 };

test("prompt, steps and tags as the peer puts them together are the tokens that the model reads", async (t) => {
  const model = join(makeFolder(t), "tiny");
  await writeServedShape(model, "tiny");
  const { solutions, prompt, idsBefore, tagIds, candidates } = await servingWorkload(model, 70, settings);
  await using rewardModel = await RewardModel.load(model, { threads: 1 });
  t.deepEqual(candidates, [258, 259]);
  for (const solution of solutions) {
    const [first, ...others] = solution.steps;
    const pieces = [`${prompt.before}${solution.question}${prompt.after}${first}`, ...others];
    const ids = [...idsBefore];
    const positions = pieces.map((piece) => {
      // A byte is a token.
      ids.push(...Buffer.from(piece), ...tagIds);
      return ids.length - 1;
    });
    const encoded = rewardModel.encode(solution);
    t.deepEqual([...encoded.tokenIds], ids);
    t.deepEqual([...encoded.positions], positions);
  }
  const scores = (await rewardModel.scoreSteps(solutions.slice(0, 4))).flat();
  t.is(
    new Set(scores.map((score) => score.toFixed(4))).size,
    scores.length,
    "scores that are told apart by the tolerance",
  );
});

test("a model that the peer cannot ask is refused", async (t) => {
  const model = join(makeFolder(t), "tiny");
  await writeServedShape(model, "tiny");
  const { convention } = byteModelConfig;
  await writeRewardModelConfig(join(model, rewardModelFile), {
    ...byteModelConfig,
    convention: { ...convention, layout: { afterTag: "\n", apart: false } } as typeof convention,
  });
  await t.throwsAsync(servingWorkload(model, 2, settings), { message: /step tags.*received step-tag with a layout/ });
});
