/** `erprm train prm`: its options. What it does is in run-train-prm.ts. */
import type { Command } from "commander";
import { inferredStepUses, weightings } from "../../training/step-examples.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { epochsOption, rankDetails, rewardOptions, trainOptions } from "../train/options.js";

const text = { type: "text" } as const;

export const trainPrmOptions = [
  { name: "labels", kind: text, argument: "FILE", help: "labelled solutions, as erprm label writes them (required)" },
  {
    name: "target",
    kind: text,
    argument: "LABEL",
    help: "what is predicted: hard, soft or er:ETA, computed from the counts",
    default: "er:1",
  },
  {
    name: "weight-by",
    kind: { type: "choice", choices: weightings },
    argument: "WHAT",
    help: "completions: a step weighs as much as the completions behind its label; none: all steps alike",
    default: "none",
  },
  {
    name: "inferred-steps",
    kind: { type: "choice", choices: inferredStepUses },
    argument: "WHAT",
    help: "steps whose labels a first-error search inferred: use, or leave-out",
    default: "use",
  },
  epochsOption(1),
  ...rewardOptions,
  ...trainOptions,
] as const;

export function trainPrmCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "prm",
      summary: "train a process reward model on labelled steps",
      details: `Every step is followed by the step tag, appended as token ids, and the model learns to predict the step's label there. A
record whose tags would be cut off by --max-length, that has another number of labels than steps, labels outside [0, 1] or
other ones than its counts give, a step without text or the tag in its text, is counted and named with its line; more than
--max-faults of them is an error. Labels that were edited are trained on where numCompletions and numCorrect of all steps
of a record are 0, as in imported ones. --system, --instruction and --prompt-template are those of the solutions; where
the labels lie in a run directory they are read from its manifest.

While it trains: loss, held-out loss, and on the held-out problems the Brier score, the area under the curve (is the prefix
one that leads to the answer?) and the calibration error, all in training.jsonl. The run directory becomes a model in Hugging
Face layout with reward_model.json, which erprm score reads. A training that was killed goes on from its last checkpoint
with the same command, and ends with the same bytes.

${rankDetails}

Examples:
  erprm train prm --model builtin:tiny --labels runs/labels/labels.jsonl --out runs/prm
  erprm train prm --model model --labels runs/labels/labels.jsonl --target soft --loss binary --out runs/soft-prm
  erprm train prm --model model --labels runs/labels/labels.jsonl --lora-rank 16 --early-stopping 3 --out runs/lora-prm
  torchrun --nproc-per-node 2 --no-python npx erprm train prm --model model --labels runs/labels/labels.jsonl --out runs/prm
  erprm score --reward-model runs/prm --solutions runs/solutions/solutions.jsonl --out runs/scores`,
    },
    trainPrmOptions,
    async () => (await import("../train/run-train-prm.js")).runTrainPrm(),
    surroundings,
  );
}
