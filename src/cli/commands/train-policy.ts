/** `erprm train policy`: its options. What it does is in run-train-policy.ts. */
import type { Command } from "commander";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { epochsOption, rankDetails, trainOptions } from "../train/options.js";

const file = { type: "text" } as const;

export const trainPolicyOptions = [
  {
    name: "problems",
    kind: file,
    argument: "FILE",
    help: "train on the worked solutions of these problems (field solution; GSM8K and MATH files have them)",
  },
  {
    name: "solutions",
    kind: file,
    argument: "FILE",
    help: "train on these graded solutions, those with the right answer",
  },
  {
    name: "keep-wrong",
    kind: { type: "switch" },
    help: "with --solutions: train on wrong ones too",
    default: false,
  },
  epochsOption(3),
  ...trainOptions,
] as const;

export function trainPolicyCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "policy",
      summary: "train a policy on worked or graded solutions",
      details: `Give one of --problems and --solutions. The loss is next-token cross-entropy on the solution and its end token; the
prompt never enters it, and is the one that erprm rollout would use with the same --system, --instruction and
--prompt-template. Solutions that the length limit cut off are left out: they have no end to be learned.

The run directory becomes a model in Hugging Face layout, with training.jsonl and manifest.json beside the weights. With
--lora-rank or --adapter, adapter/ holds the PEFT adapter and the weights have it added in. A training that was killed goes
on from its last checkpoint with the same command, and ends with the same bytes.

${rankDetails}

Examples:
  erprm train policy --model model --problems gsm8k_train.jsonl --out runs/policy
  erprm train policy --model runs/policy --solutions runs/solutions/solutions.jsonl --learning-rate 1e-5 --out runs/better
  erprm train policy --model model --problems gsm8k_train.jsonl --lora-rank 16 --early-stopping 3 --out runs/adapter
  erprm train policy --model model --problems more.jsonl --adapter runs/adapter/adapter --out runs/adapter-2
  erprm train policy --model config-and-tokenizer --init random --problems problems.jsonl --epochs 20 --out runs/scratch`,
    },
    trainPolicyOptions,
    async () => (await import("../train/run-train-policy.js")).runTrainPolicy(),
    surroundings,
  );
}
