/** What `erprm train orm` does. */
import { readLabelsLeniently, readPlacedSolutions, type UnfitLabels } from "../../data/read-solutions.js";
import { outcomeExamples } from "../../training/outcome-examples.js";
import { nativeSource, type TrainerSource } from "../../training/trainer-source.js";
import type { LabelRecord, Solution } from "../../types.js";
import type { trainOrmOptions } from "../commands/train-orm.js";
import { refuseIdleFlags } from "../idle-flags.js";
import type { Run } from "../stage-command.js";
import { take } from "../take.js";
import { inputPrompt } from "./input-prompt.js";
import { oneInput } from "./one-input.js";
import type { TrainPlan } from "./plan.js";
import { idleRewardFlags, rewardTask } from "./reward-task.js";
import { runTrain } from "./run-train.js";
import { idleTrainFlags } from "./values.js";
import { quietUnlessFirst } from "./with-ranks.js";

export function runTrainOrm(source: TrainerSource = nativeSource): Run<typeof trainOrmOptions> {
  return async (values, given, surroundings) => {
    const { name, path } = oneInput(["solutions", "labels"], values, given);
    refuseIdleFlags(given, [...idleRewardFlags(values), ...idleTrainFlags(values)]);
    const prompt = await inputPrompt(path, quietUnlessFirst(values), surroundings);
    const plan: TrainPlan = {
      kind: "orm",
      inputs: { [name]: path },
      prompt,
      task: (base) =>
        rewardTask(base, {
          kind: "outcome",
          target: "outcome",
          prompt,
          values,
          options: {},
          examples: (tools) => (options) => {
            const all: AsyncIterable<Solution | LabelRecord | UnfitLabels> =
              name === "solutions" ? readPlacedSolutions(path) : readLabelsLeniently(path);
            return outcomeExamples(take(all, values.limit), { ...options, ...tools });
          },
        }),
    };
    await runTrain(plan, values, surroundings, source);
  };
}
