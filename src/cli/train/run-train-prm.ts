/** What `erprm train prm` does. */
import { parseLabelName } from "../../data/label-name.js";
import { readLabelsLeniently } from "../../data/read-solutions.js";
import { processExamples } from "../../training/step-examples.js";
import { nativeSource, type TrainerSource } from "../../training/trainer-source.js";
import type { trainPrmOptions } from "../commands/train-prm.js";
import { refuseIdleFlags } from "../idle-flags.js";
import { required } from "../policy-values.js";
import type { Run } from "../stage-command.js";
import { take } from "../take.js";
import { inputPrompt } from "./input-prompt.js";
import type { TrainPlan } from "./plan.js";
import { idleRewardFlags, rewardTask } from "./reward-task.js";
import { runTrain } from "./run-train.js";
import { idleTrainFlags } from "./values.js";
import { quietUnlessFirst } from "./with-ranks.js";

export function runTrainPrm(source: TrainerSource = nativeSource): Run<typeof trainPrmOptions> {
  return async (values, given, surroundings) => {
    const path = required("labels", values.labels, "a file with labelled solutions");
    const target = parseLabelName(values.target).name;
    refuseIdleFlags(given, [...idleRewardFlags(values), ...idleTrainFlags(values)]);
    const prompt = await inputPrompt(path, quietUnlessFirst(values), surroundings);
    const { weightBy, inferredSteps } = values;
    const plan: TrainPlan = {
      kind: "prm",
      inputs: { labels: path },
      prompt,
      task: (base) =>
        rewardTask(base, {
          kind: "process",
          target,
          prompt,
          values,
          options: { weightBy, ...(inferredSteps === "use" ? {} : { inferredSteps }) },
          examples: (tools) => (options) =>
            processExamples(take(readLabelsLeniently(path), values.limit), {
              ...options,
              ...tools,
              target,
              weightBy,
              inferredSteps,
            }),
        }),
    };
    await runTrain(plan, values, surroundings, source);
  };
}
