/** The reward models of the serving benchmark: a shape with random weights, or one that is there, and the work for it. */
import { join } from "node:path";
import { renderedPrompt } from "../../src/reward/encode-steps.js";
import { RewardModel } from "../../src/reward/reward-model.js";
import { rewardModelFile, writeRewardModelConfig } from "../../src/reward/reward-model-config.js";
import { type ShapeName, writeShape } from "./random-checkpoint.js";
import { byteModelConfig, type ServingWorkload, solutionTexts } from "./serving-workload.js";

/** A two-way process reward model of the shape, with a token a byte. */
export async function writeServedShape(directory: string, shape: ShapeName): Promise<void> {
  await writeShape(directory, shape);
  await writeRewardModelConfig(join(directory, rewardModelFile), byteModelConfig);
}

const marker = "the question of the benchmark";
const sample = solutionTexts(16)
  .flatMap(({ question, steps }) => [question, ...steps])
  .join("");

/** @throws for a model that is asked in a way that the peer does not speak */
export async function servingWorkload(
  model: string,
  numSolutions: number,
  settings: Pick<ServingWorkload, "threads" | "peerThreads" | "batchTokens" | "peerBatchTokens" | "batchWaitMs">,
): Promise<ServingWorkload> {
  const { threads } = settings;
  await using rewardModel = await RewardModel.load(model, { threads });
  const { convention } = rewardModel.config;
  if (convention.kind !== "step-tag" || convention.layout) {
    const found = `${convention.kind}${convention.kind !== "chat" && convention.layout ? " with a layout" : ""}`;
    throw new Error(`Expected a reward model with step tags, as erprm train prm makes them, received ${found}`);
  }
  const { tokenizer } = rewardModel.text;
  const { positive, negative } = convention.candidates;
  const [before, after] = renderedPrompt(rewardModel.text, marker, convention.prompt).split(marker);
  return {
    model,
    ...settings,
    solutions: solutionTexts(
      numSolutions,
      sample.length / tokenizer.encode(sample, { addSpecialTokens: false }).length,
    ),
    prompt: { before: before as string, after: after as string },
    idsBefore: [...tokenizer.specialTokensBefore],
    tagIds: convention.tag.tokenIds,
    candidates: [positive.tokenIds[0] as number, negative.tokenIds[0] as number],
  };
}
