/** `erprm train orm`: its options. What it does is in run-train-orm.ts. */
import type { Command } from "commander";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { epochsOption, rankDetails, rewardOptions, trainOptions } from "../train/options.js";

const file = { type: "text" } as const;

export const trainOrmOptions = [
  { name: "solutions", kind: file, argument: "FILE", help: "graded solutions, right and wrong ones" },
  { name: "labels", kind: file, argument: "FILE", help: "labelled solutions; their outcomes are trained on" },
  epochsOption(1),
  ...rewardOptions,
  ...trainOptions,
] as const;

export function trainOrmCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "orm",
      summary: "train an outcome reward model on graded solutions",
      details: `Give one of --solutions and --labels. The model learns to predict at the last step whether the final answer is right. As for
prm, every step is followed by the step tag, so that the scores of earlier steps can be looked at too.

${rankDetails}

Examples:
  erprm train orm --model model --solutions runs/solutions/solutions.jsonl --out runs/orm
  erprm train orm --model model --labels runs/labels/labels.jsonl --loss binary --out runs/orm`,
    },
    trainOrmOptions,
    async () => (await import("../train/run-train-orm.js")).runTrainOrm(),
    surroundings,
  );
}
