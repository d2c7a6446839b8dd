/** What the ranks of a training do that have no run directory: every update and every evaluation, and no file. */
import type { RankGroup } from "../training/distributed/rank-group.js";
import { evaluateExamples } from "../training/evaluate.js";
import { FollowingKeeper } from "./shared-keeper.js";
import { defaultTokensPerBatch, trainStage } from "./train.js";
import type { ModelTraining } from "./train-model.js";

export interface FollowedTraining extends Pick<ModelTraining, "load" | "data" | "stage"> {
  group: RankGroup;
}

/** Resolves when rank 0 needs this one no more. @throws as `trainStage`; what `load` throws */
export async function followTraining({ load, data, stage, group }: FollowedTraining): Promise<void> {
  const trainer = await load();
  try {
    const ranks = group.ranksOf(trainer);
    const keeper = new FollowingKeeper(ranks);
    const records = trainStage(data.training, { ...stage, trainer, heldOut: data.heldOut, keeper, ranks });
    for (;;) {
      const next = await records.next();
      if (!next.done) continue;
      const { tokensPerBatch = defaultTokensPerBatch, signal } = stage;
      const options = { tokensPerBatch, updateIndex: next.value.updates, signal, ranks };
      // Of the weights that rank 0 saves.
      if (data.heldOut.size > 0) await evaluateExamples(trainer, data.heldOut, options);
      return;
    }
  } finally {
    await trainer.dispose();
  }
}
